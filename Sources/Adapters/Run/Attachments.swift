import BLAKE3
import DeploymentModel
import JSON

/// The files that a run brings along: `{"$attach": "<name>"}` in its inputs stands for one of them.
///
/// Each becomes an artifact of the world at `/artifacts/inputs/<digits of its b3 id>/<file name>`, and its place in the
/// inputs becomes that path, a string, as a processor's `path` input wants it. Equal files have equal paths.
struct Attachments: Sendable {
    private let files: [String: String]
    private let world: any ArtifactStore

    init(_ files: [String: String], in world: any ArtifactStore) {
        self.files = files
        self.world = world
    }

    /// - Throws: `Failure` with `ERR_INPUTS` for a name that is not attached, a file that can't be read, and a file that
    ///   nothing stands for.
    func resolve(_ inputs: JSONValue) async throws(Failure) -> JSONValue {
        var used: Set<String> = []
        Self.names(in: inputs, &used)
        let missing = used.subtracting(files.keys).sorted()
        guard missing.isEmpty else {
            throw Failure(
                .inputs, "nothing is attached as \(missing.joined(separator: ", "))",
                remedy: "Attach it: --attach \(missing[0])=PATH")
        }
        let spare = Set(files.keys).subtracting(used).sorted()
        guard spare.isEmpty else {
            throw Failure(
                .inputs, "the inputs don't use the attached \(spare.joined(separator: ", "))",
                remedy: "Write {\"$attach\": \"\(spare[0])\"} where it belongs.")
        }
        guard !used.isEmpty else { return inputs }
        var paths: [String: String] = [:]
        for name in used.sorted() {
            guard let file = files[name] else { continue }
            paths[name] = try await attach(file).text
        }
        return Self.replacing(inputs, paths)
    }

    private func attach(_ file: String) async throws(Failure) -> WorldPath {
        let name = file.split(separator: "/").last.map(String.init) ?? "file"
        let segment = Self.segment(name)
        return try await world.copy(file: file) { id throws(Failure) in
            try WorldPath("/artifacts/inputs/\(id.hex)/\(segment)")
        }
    }

    /// A file name as a segment of a world path, which has no `%`: it would be taken for an escape.
    private static func segment(_ name: String) -> String { name.replacing("%", with: "_") }

    private static func names(in value: JSONValue, _ names: inout Set<String>) {
        switch value {
        case .object(let members):
            if let name = name(of: members) {
                names.insert(name)
            } else {
                for member in members.values { Self.names(in: member, &names) }
            }
        case .array(let elements): for element in elements { Self.names(in: element, &names) }
        default: break
        }
    }

    private static func replacing(_ value: JSONValue, _ paths: [String: String]) -> JSONValue {
        switch value {
        case .object(let members):
            if let path = name(of: members).flatMap({ paths[$0] }) { return .string(path) }
            return .object(members.mapValues { replacing($0, paths) })
        case .array(let elements): return .array(elements.map { replacing($0, paths) })
        default: return value
        }
    }

    private static func name(of members: [String: JSONValue]) -> String? {
        members.count == 1 ? members["$attach"]?.stringValue : nil
    }
}
