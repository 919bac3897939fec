import FoundationEssentials
import SystemPackage

/// Colours and weights for one stream, or none where they do not belong, and the room that there is.
struct Style: Sendable {
    let isColoured: Bool
    /// The columns that a text should fit, `nil` for any number.
    let width: Int?

    static let plain = Style(isColoured: false)
    static let standardError = Style(file: .standardError)
    static let standardOutput = Style(file: .standardOutput)

    init(isColoured: Bool, width: Int? = nil) {
        self.isColoured = isColoured
        self.width = width
    }

    /// Follows `NO_COLOR`, `CLICOLOR_FORCE` and `TERM=dumb`; otherwise a terminal gets colours and a pipe does not.
    private init(file: FileDescriptor) {
        width = Terminal(file: file).width
        let environment = ProcessInfo.processInfo.environment
        let force = environment["CLICOLOR_FORCE"].map { !$0.isEmpty && $0 != "0" } ?? false
        if environment["NO_COLOR"]?.isEmpty == false {
            isColoured = false
        } else if force {
            isColoured = true
        } else {
            isColoured = environment["TERM"] != "dumb" && Terminal(file: file).isTerminal
        }
    }

    func bold(_ text: String) -> String { wrap(text, "1") }
    func dim(_ text: String) -> String { wrap(text, "2") }
    func red(_ text: String) -> String { wrap(text, "31") }
    func green(_ text: String) -> String { wrap(text, "32") }
    func yellow(_ text: String) -> String { wrap(text, "33") }
    func cyan(_ text: String) -> String { wrap(text, "36") }

    private func wrap(_ text: String, _ code: String) -> String {
        isColoured && !text.isEmpty ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
    }
}
