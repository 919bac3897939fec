package import JSON

/// What is different between two snapshots, spec by spec.
package struct SnapshotDifference: Hashable, Sendable {
    package enum Change: String, Hashable, Sendable { case added, removed, changed }

    package struct Entry: Hashable, Sendable {
        /// `processors`, `schemas`, …
        package let kind: String
        /// The ref or id.
        package let name: String
        package let change: Change
        /// Where a changed spec differs, as JSON pointers.
        package let places: [JSONPointer]
    }

    /// By kind, then by name.
    package let entries: [Entry]

    package init(from old: RegistrySnapshot, to new: RegistrySnapshot) {
        entries = RegistrySnapshot.kinds.flatMap { kind -> [Entry] in
            let (before, after) = (old.specs[kind] ?? [:], new.specs[kind] ?? [:])
            return Set(before.keys).union(after.keys).sorted().compactMap { name in
                switch (before[name], after[name]) {
                case (nil, _): Entry(kind: kind, name: name, change: .added, places: [])
                case (_, nil): Entry(kind: kind, name: name, change: .removed, places: [])
                case (let left?, let right?):
                    left == right
                        ? nil
                        : Entry(
                            kind: kind, name: name, change: .changed, places: Self.places(left, right, JSONPointer()))
                }
            }
        }
    }

    private static func places(_ left: JSONValue, _ right: JSONValue, _ pointer: JSONPointer) -> [JSONPointer] {
        if left == right { return [] }
        guard let before = left.objectValue, let after = right.objectValue else { return [pointer] }
        return Set(before.keys).union(after.keys).sorted().flatMap { name -> [JSONPointer] in
            let place = pointer.appending(name)
            guard let left = before[name], let right = after[name] else { return [place] }
            return places(left, right, place)
        }
    }

    package var json: JSONValue {
        .array(
            entries.map {
                .object([
                    "kind": .string($0.kind), "name": .string($0.name), "change": .string($0.change.rawValue),
                    "places": .array($0.places.map { .string($0.description) }),
                ])
            })
    }
}
