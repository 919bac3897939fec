/// Something that decides what commands do, with where it comes from.
struct Setting: Encodable {
    /// Where a value comes from, the strongest first.
    enum Source: String, Encodable {
        case option, environment, file, git
        case standard = "default"
    }

    let name: String
    /// `nil` where there is none. Of a secret it is only whether there is one.
    let value: String?
    let source: Source
    /// The option, the variable, or the file with its line; `nil` for a default.
    let place: String?

    init(_ name: String, _ value: String?, _ source: Source, _ place: String? = nil) {
        self.name = name
        self.value = value
        self.source = source
        self.place = place
    }
}
