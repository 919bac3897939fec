package import DeploymentModel

/// The secrets of a processor against those that there are.
package struct MountedSecrets {
    /// Those that are mounted, sorted.
    package let mounted: [String]
    /// Required ones that are not there.
    package let missing: [String]
    /// Optional ones that are not there.
    package let withheld: [String]

    /// - Parameter changes: what will have been synced before anything is deployed.
    package init(of processor: Processor, in there: Set<String>, _ changes: [String: SecretChange]) {
        func isThere(_ name: String) -> Bool { there.contains(name) || changes[name] != nil }
        let (required, optional) = (processor.secrets.required, processor.secrets.optional)
        mounted = Set(required + optional).filter(isThere).sorted()
        missing = required.filter { !isThere($0) }
        withheld = optional.filter { !isThere($0) && !required.contains($0) }
    }

    func check(_ ref: ProcessorRef, environment: String) throws(Failure) {
        guard !missing.isEmpty else { return }
        throw Failure(
            .missingSecret, "\(ref) needs \(missing.joined(separator: ", ")), not there in '\(environment)'",
            remedy: "Sync: pinion sync_secrets --ref \(ref) --env \(environment)")
    }
}
