import FolderWatch
import Testing

@Suite(.tags(.small))
struct DebounceTests {
    private let start = ContinuousClock.now

    private func at(_ milliseconds: Int) -> ContinuousClock.Instant { start + .milliseconds(milliseconds) }

    @Test func `changes close together are one, as soon as nothing more comes`() {
        var debounce = Debounce(quiet: .milliseconds(50), limit: .milliseconds(500))
        #expect(debounce.wait(at: at(0)) == nil)
        debounce.note(at: at(0))
        debounce.note(at: at(30))
        #expect(debounce.wait(at: at(40)) == .milliseconds(40))
        #expect(debounce.take(at: at(79)) == nil)
        #expect(debounce.take(at: at(80)) == at(0), "it began with the first")
        #expect(debounce.take(at: at(80)) == nil && debounce.wait(at: at(80)) == nil, "and is seen once")
    }

    @Test func `changes that never cease are waited out for a while only`() {
        var debounce = Debounce(quiet: .milliseconds(50), limit: .milliseconds(500))
        for time in stride(from: 0, through: 490, by: 10) { debounce.note(at: at(time)) }
        #expect(debounce.wait(at: at(490)) == .milliseconds(10))
        #expect(debounce.take(at: at(500)) == at(0))
        debounce.note(at: at(510))
        #expect(debounce.wait(at: at(510)) == .milliseconds(50), "the next burst begins anew")
    }

    @Test func `what is late is not waited for again`() {
        var debounce = Debounce(quiet: .milliseconds(50), limit: .milliseconds(500))
        debounce.note(at: at(0))
        #expect(debounce.wait(at: at(900)) == .zero)
    }
}

extension Tag {
    @Tag static var small: Self
    @Tag static var medium: Self
}
