package import DeploymentModel
package import JSON

/// What one run knows of its surroundings (seed "Registry & Adapters", ExpandedContext). It has names and paths, never a
/// value of a secret.
package struct ExecutionContext: Hashable, Sendable {
    package let planID: String
    package let transitionID: String
    package let executionID: ExecutionID
    /// Counts from 0.
    package let attempt: Int
    /// `sha256:…` of the registry that the run was started from.
    package let snapshotID: String
    package let policy: Policy
    package let inputs: JSONValue
    /// The world prefixes that the run may write below.
    package let writeSet: [String]
    /// What was set aside for the run, in millionths of a dollar.
    package let reservedUSDMicro: Int
    /// A folder of this host that shows the world, to be read only; `nil` where there is none.
    package let worldMount: String?
    /// An empty folder of this host for the run alone, removed at its end.
    package let scratchFolder: String
    /// For everything that would be chance: the same for an equal memo key.
    package let seed: Int64
    /// `b3:…` over what decides the result (contract "Invocation").
    package let memoKey: String
    package let fingerprint: String

    /// The context as a tool reads it, the paths as the tool sees them.
    package func json(worldMount: String?, scratchFolder: String) -> JSONValue {
        var members: [String: JSONValue] = [
            "plan_id": .string(planID), "transition_id": .string(transitionID),
            "execution_id": .string(executionID.description), "attempt_idx": .integer(Int64(attempt)),
            "registry_snapshot": .string(snapshotID), "policy": policy.json, "inputs": inputs,
            "write_set_resolved": .array(writeSet.map { .string($0) }),
            "budget_reserved": ["usd_micro": .integer(Int64(reservedUSDMicro))],
            "scratch_dir": .string(scratchFolder), "seed": .integer(seed), "memo_key": .string(memoKey),
            "env_fingerprint": .string(fingerprint),
        ]
        members["world_mount"] = worldMount.map { .string($0) }
        return .object(members)
    }
}

extension Policy {
    fileprivate var json: JSONValue {
        var budget: [String: JSONValue] = [:]
        budget["max_usd_micro"] = maxUSDMicro.map { .integer(Int64($0)) }
        return [
            "budget": .object(budget),
            "retry": [
                "max_attempts": .integer(Int64(attempts)),
                "backoff_ms": .array(backoffMilliseconds.map { .integer(Int64($0)) }),
            ],
        ]
    }
}
