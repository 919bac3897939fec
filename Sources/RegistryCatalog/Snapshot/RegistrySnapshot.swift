import Crypto
package import DeploymentModel
import Git
package import JSON

/// The registry of one commit as one document, reproducible on every machine and in every year (contract "Snapshot").
package struct RegistrySnapshot: Hashable, Sendable {
    /// The SHA-256 of the canonical form (RFC 8785) of all the specs.
    package let id: DeploymentModel.Digest
    /// 40 hexadecimal digits.
    package let commit: String
    /// The commit's own time, as ISO 8601 in UTC.
    package let createdAt: String
    /// Specs by kind (`processors`, `tools`, …), then by ref or id.
    package let specs: [String: [String: JSONValue]]

    /// The kinds of specs, in the order in which they are shown.
    package static let kinds = ["processors"] + SupportSpec.Kind.allCases.map(\.rawValue)

    /// - Throws: `JSONError` for a spec that has no canonical form.
    package init(_ catalog: Catalog) throws(JSONError) {
        specs = catalog.specs
        id = try Self.id(of: specs)
        commit = catalog.commit.id.hex
        createdAt = Self.iso8601(catalog.commit.time)
    }

    /// Reads a document and believes its id only after computing it again.
    ///
    /// - Throws: `Failure` with `ERR_SPEC` for a text that is no snapshot, `ERR_REGISTRY_MISMATCH` for one whose content
    ///   has another id than it says.
    package init(parsing bytes: [UInt8], file: String) throws(Failure) {
        let json: JSONValue
        let computed: DeploymentModel.Digest
        do throws(JSONError) {
            json = try JSONValue(parsing: bytes)
            var specs: [String: [String: JSONValue]] = [:]
            for kind in Self.kinds { specs[kind] = json[kind]?.objectValue ?? [:] }
            self.specs = specs
            computed = try Self.id(of: specs)
        } catch { throw Failure(.spec, "\(file) is no snapshot: \(error)") }
        guard let said = json["snapshot_id"]?.stringValue, let commit = json["commit"]?.stringValue,
            let createdAt = json["created_at"]?.stringValue
        else {
            throw Failure(
                .spec, "\(file) is no snapshot: 'snapshot_id', 'commit' or 'created_at' is missing",
                remedy: "Write one with: pinion snapshot -o \(file)")
        }
        guard said == computed.description else {
            throw Failure(
                .registryMismatch, "\(file) says it is \(said), but its content is \(computed)",
                remedy: "It was changed after it was written; write it again from commit \(commit.prefix(7)).")
        }
        id = computed
        self.commit = commit
        self.createdAt = createdAt
    }

    static func id(of specs: [String: [String: JSONValue]]) throws(JSONError) -> DeploymentModel.Digest {
        try JSONValue.object(specs.mapValues { .object($0) }).sha256()
    }

    package var json: JSONValue {
        var members: [String: JSONValue] = [
            "snapshot_id": .string(id.description), "commit": .string(commit), "created_at": .string(createdAt),
        ]
        for (kind, specs) in specs { members[kind] = .object(specs) }
        return .object(members)
    }

    /// `2025-01-01T12:00:00Z` (RFC 3339) out of seconds since 1970; days are counted by the proleptic Gregorian calendar.
    static func iso8601(_ seconds: Int64) -> String {
        let (days, rest) = seconds.quotientAndRemainder(dividingBy: 86_400)
        let day = rest < 0 ? days - 1 : days
        let second = rest < 0 ? rest + 86_400 : rest
        // Years that start in March put the leap day last.
        let era = day + 719_468
        let cycle = (era >= 0 ? era : era - 146_096) / 146_097
        let dayOfCycle = era - cycle * 146_097
        let yearOfCycle = (dayOfCycle - dayOfCycle / 1460 + dayOfCycle / 36_524 - dayOfCycle / 146_096) / 365
        let dayOfYear = dayOfCycle - (365 * yearOfCycle + yearOfCycle / 4 - yearOfCycle / 100)
        let march = (5 * dayOfYear + 2) / 153
        let dayOfMonth = dayOfYear - (153 * march + 2) / 5 + 1
        let month = march < 10 ? march + 3 : march - 9
        let year = yearOfCycle + cycle * 400 + (month <= 2 ? 1 : 0)
        func pad(_ value: Int64, _ width: Int) -> String {
            let text = String(value)
            return String(repeating: "0", count: max(0, width - text.count)) + text
        }
        return "\(pad(year, 4))-\(pad(month, 2))-\(pad(dayOfMonth, 2))T"
            + "\(pad(second / 3600, 2)):\(pad(second / 60 % 60, 2)):\(pad(second % 60, 2))Z"
    }
}

extension Catalog {
    /// Every spec as JSON, by kind and by ref or id.
    var specs: [String: [String: JSONValue]] {
        var specs: [String: [String: JSONValue]] = [:]
        specs["processors"] = Dictionary(processors.map { ($0.ref.description, $0.json) }) { first, _ in first }
        for kind in SupportSpec.Kind.allCases {
            let own = supports.filter { $0.kind == kind }.map { ($0.id.description, $0.json) }
            specs[kind.rawValue] = Dictionary(own) { first, _ in first }
        }
        return specs
    }

    /// `sha256:…` over every spec of the registry; the same content gives the same id on any commit and machine.
    ///
    /// It is the hash of the snapshot's canonical form, put together from those of its specs: many of them may be known
    /// already, and none has to be a value for this.
    package func snapshotID() throws(JSONError) -> DeploymentModel.Digest {
        var kinds = ["processors": processors.map { ($0.ref.description, $0.document) }]
        for kind in SupportSpec.Kind.allCases {
            kinds[kind.rawValue] = supports.filter { $0.kind == kind }.map { ($0.id.description, .value($0.json)) }
        }
        var hash = SHA256()
        func add(_ text: String) { hash.update(data: Array(text.utf8)) }
        // Names of kinds, refs and ids are ASCII without anything to escape, so that their bytes are in canonical order.
        for (index, kind) in kinds.sorted(by: { $0.key < $1.key }).enumerated() {
            add("\(index == 0 ? "{" : ",")\"\(kind.key)\":")
            let specs = Dictionary(kind.value) { first, _ in first }.sorted { $0.key < $1.key }
            for (index, spec) in specs.enumerated() {
                add("\(index == 0 ? "{" : ",")\"\(spec.key)\":")
                try spec.value.canonical().withUnsafeBytes { hash.update(bufferPointer: $0) }
            }
            add(specs.isEmpty ? "{}" : "}")
        }
        add("}")
        return DeploymentModel.Digest(bytes: Array(hash.finalize()))
    }
}
