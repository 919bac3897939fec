/// One look at something outside, which may never answer.
struct Examination: Sendable {
    let check: String
    private let limit: Duration
    private let remedy: String
    private let examine: @Sendable () async -> [Finding]

    /// - Parameter remedy: where to look when there is no answer within the limit.
    init(
        _ check: String, limit: Duration = .seconds(10), remedy: String,
        _ examine: @escaping @Sendable () async -> [Finding]
    ) {
        self.check = check
        self.limit = limit
        self.remedy = remedy
        self.examine = examine
    }

    /// Carries all out at the same time, and gives what they found in their order.
    static func findings(of examinations: [Examination]) async -> [Finding] {
        await withTaskGroup(of: (Int, [Finding]).self) { group in
            for (number, examination) in examinations.enumerated() {
                group.addTask { (number, await examination.findings()) }
            }
            var found: [Int: [Finding]] = [:]
            for await (number, findings) in group { found[number] = findings }
            return examinations.indices.flatMap { found[$0] ?? [] }
        }
    }

    private func findings() async -> [Finding] {
        let seconds = Int(limit / .seconds(1))
        return await Limited.value(within: limit, examine)
            ?? [.error(check, "no answer within \(seconds) s", remedy)]
    }
}
