import DeploymentModel

/// Where the record of a build lies: `<2 digits of its key>/<the other 62>/<repository, with '%2F' for '/'>.json`.
extension GitStateStore {
    static func path(of id: BuildRecord.ID) -> String {
        let hex = id.key.hex
        let repository = "\(id.registry)/\(id.path)".replacing("/", with: "%2F")
        return "\(hex.prefix(2))/\(hex.dropFirst(2))/\(repository).json"
    }

    /// The build whose record lies at a path; `nil` for all other paths.
    static func buildID(at path: String) -> BuildRecord.ID? {
        let parts = path.split(separator: "/")
        guard parts.count == 3, parts[2].hasSuffix(".json"), let key = try? InputKey(String(parts[0] + parts[1])),
            let repository = try? ImageReference(String(parts[2].dropLast(".json".count)).replacing("%2F", with: "/"))
        else { return nil }
        return BuildRecord.ID(key, in: repository)
    }
}

/// Where the record of a ref lies: `processors/<ns>/<name>@<ver>.json` or, where every branch and user has an app of it,
/// `processors/<ns>/<name>@<ver>/<app>.json`.
extension GitStateStore {
    static func path(of ref: ProcessorRef) -> String { "processors/\(ref).json" }

    /// The ref whose record lies at a path; `nil` for all other paths, those of records by app too.
    static func ref(at path: String) -> ProcessorRef? {
        guard path.hasPrefix("processors/"), path.hasSuffix(".json") else { return nil }
        return try? ProcessorRef(String(path.dropFirst("processors/".count).dropLast(".json".count)))
    }

    /// The folder of a ref's records by app.
    static func folder(of ref: ProcessorRef) -> String { "processors/\(ref)" }

    static func path(of ref: ProcessorRef, app: String) -> String { "\(folder(of: ref))/\(app).json" }

    /// Where this store writes the record of a ref.
    func place(of ref: ProcessorRef) -> String {
        app.map { Self.path(of: ref, app: $0(ref)) } ?? Self.path(of: ref)
    }

    /// Claims that the file is no record of another branch's or user's app.
    func isOwn(_ path: String) -> Bool {
        let parts = path.split(separator: "/").map(String.init)
        guard parts.count == 4, let ref = try? ProcessorRef("\(parts[1])/\(parts[2])") else { return true }
        return app != nil && place(of: ref) == path
    }

    /// Claims that the record by ref alone is of the app that the ref has here. It may be of any, where apps had no records of
    /// their own yet.
    func isOfApp(_ record: RefRecord) -> Bool {
        guard let app else { return true }
        return record.binding?.name == app(record.ref)
    }
}
