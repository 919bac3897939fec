import DeploymentModel
import JSON

/// What has to hold before a run may start (contract "Registry files", predicates).
struct AdmissionPredicates {
    let mode: RunMode
    let image: Digest?
    let secretsPresent: [String]
    /// Whether the processor has to find out by itself that there are none.
    let withholdsSecrets: Bool
    let policy: Policy

    /// Evaluates all of them but `lease.acquirable@1`, which asks the world.
    ///
    /// - Returns: what the run sets aside, in millionths of a dollar.
    /// - Throws: `Failure` with the code of what is missing: `ERR_BUDGET`, `ERR_MISSING_SECRET`, `ERR_IMAGE_UNPINNED`;
    ///   `ERR_PREDICATE` for one that can't be evaluated, which is never taken for false.
    func evaluate(_ predicates: [PredicateSpec]) throws(Failure) -> Int {
        var reserved = 0
        for predicate in predicates {
            switch predicate.id.name {
            case "budget.available":
                let (sum, isTooMuch) = reserved.addingReportingOverflow(Int(try predicate.count("required_usd_micro")))
                reserved = isTooMuch ? .max : sum
                guard !isTooMuch, reserved <= policy.maxUSDMicro ?? .max else {
                    throw Failure(
                        .budget,
                        "\(predicate.id) does not hold: \(reserved) micro-dollars are needed, "
                            + "\(policy.maxUSDMicro ?? .max) may be spent",
                        remedy: "Raise 'budget.max_usd_micro' in the registry's policy.")
                }
            case "secret.present":
                // A mock run gets none and needs none.
                guard mode == .real, !withholdsSecrets else { break }
                let name = try predicate.text("name")
                guard secretsPresent.contains(name) else {
                    throw Failure(.missingSecret, "\(predicate.id) does not hold: \(name) is not there")
                }
            case "image.pinned":
                guard image != nil else {
                    throw Failure(
                        .imageUnpinned, "\(predicate.id) does not hold: what would run has no digest",
                        remedy: "Pin it: pinion pin")
                }
            case "lease.acquirable": _ = try predicate.text("path")
            default: throw Failure(.predicate, "\(predicate.id) is no predicate of admission")
            }
        }
        return reserved
    }
}

extension RunAdmission {
    /// The canonical prefixes that `lease.acquirable@1` wants to be free.
    func prefixesToBeFree() throws(Failure) -> [String] {
        var prefixes: [String] = []
        for predicate in target.predicates.admission where predicate.id.name == "lease.acquirable" {
            let path = try predicate.text("path").replacing("{execution_id}", with: executionID.description)
            prefixes.append("/" + (try WorldPath.segments(of: path)).map { $0 + "/" }.joined())
        }
        return prefixes
    }
}

extension PredicateSpec {
    func text(_ name: String) throws(Failure) -> String {
        guard let text = arguments[name]?.stringValue else {
            throw Failure(.predicate, "\(id) can't be evaluated: its argument '\(name)' is no string")
        }
        return text
    }

    func count(_ name: String) throws(Failure) -> Int64 {
        guard let count = arguments[name]?.intValue, count >= 0 else {
            throw Failure(.predicate, "\(id) can't be evaluated: its argument '\(name)' is no whole number")
        }
        return count
    }
}
