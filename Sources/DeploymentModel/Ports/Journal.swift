/// Keeps the story of a run on this host: what it was about to do, and what came of it. Nothing is ever decided by it; a
/// new run observes the world again.
package protocol Journal: Sendable {
    /// Writes an entry down for good before it returns: an intent has to be there before its effect begins.
    func write(_ entry: JournalEntry)
}

/// One line of a journal. No secret's value is ever part of it: texts are those of events and failures.
package struct JournalEntry: Hashable, Sendable, Codable {
    package enum Kind: String, Hashable, Sendable, Codable {
        /// It is about to begin.
        case intent
        case done
        case failed
    }

    package let kind: Kind
    /// `build`, `deploy`, …
    package let step: String
    /// `nil` for what concerns the run as a whole.
    package let ref: ProcessorRef?
    package let platform: Platform?
    /// What came of it.
    package let text: String?
    /// Seconds since the run began.
    package let time: Double

    package init(
        _ kind: Kind, step: String, ref: ProcessorRef?, platform: Platform?, text: String? = nil, time: Double
    ) {
        self.kind = kind
        self.step = step
        self.ref = ref
        self.platform = platform
        self.text = text
        self.time = time
    }
}
