import YAML

/// A lane as `pipelines/<name>.yaml` describes it: what is done for an environment, step by step (contract "Lanes").
package struct LaneSpec: Hashable, Sendable {
    package let name: String
    /// The file's path in the repository.
    package let path: String
    package let environment: String
    /// Whether its runs may touch the outside world in CI, and in the lane `pr` at all.
    package let allowsReal: Bool
    /// Whether it is about the processors alone that a change touches.
    package let isChangedOnly: Bool
    package let steps: [LaneStep]
    /// Where single fields stand, by name.
    let places: [String: SourceSpan]

    /// The files of a lane's report beside its tests.
    package static let reportFiles = ["report.json", "findings.sarif", "code-quality.json", "comment.md"]

    /// The name of the lane whose file this is; `nil` for any other path.
    package static func name(ofFile path: String) -> String? {
        guard path != EnvironmentSpec.file, path.hasPrefix("pipelines/"), path.hasSuffix(".yaml") else { return nil }
        let name = path.dropFirst("pipelines/".count).dropLast(".yaml".count)
        return name.isEmpty || name.contains("/") ? nil : String(name)
    }

    /// Claims that the lane has this step.
    package func has(_ kind: LaneStep.Kind) -> Bool { steps.contains { $0.kind == kind } }

    /// The first of its steps that only an environment on Modal has.
    var firstStepOnModal: LaneStep? {
        steps.first { step in
            switch step {
            case .syncSecrets, .smoke(.modal, _), .drift(live: true): true
            default: false
            }
        }
    }
}

/// One step of a lane. A lane does what its steps name and nothing else.
package enum LaneStep: Hashable, Sendable {
    /// What a step is called.
    package enum Kind: String, Hashable, Sendable, CaseIterable {
        case validate, promote
        case syncSecrets = "sync_secrets"
        case build, push, pin, smoke, probe, deploy, record, drift, report
    }

    /// What is built for: a platform, or the one of the host.
    package enum BuildPlatform: String, Hashable, Sendable, CaseIterable { case host, amd64, arm64 }

    package enum SmokePlace: String, Hashable, Sendable, CaseIterable { case local, modal }

    package enum SmokeImage: String, Hashable, Sendable, CaseIterable { case build, pinned }

    /// Judges the registry; an error ends the lane.
    case validate
    /// Takes over what another environment has tested.
    case promote(from: String)
    /// Writes secrets whose values are new.
    case syncSecrets(failsOnMissing: Bool)
    case build([BuildPlatform])
    /// Pushes what was built, and makes it what everybody pins.
    case push
    case pin
    /// Runs in mode mock.
    case smoke(SmokePlace, SmokeImage)
    /// Runs in mode real without secrets and without a network: it has to refuse.
    case probe
    case deploy
    case record
    case drift(live: Bool)
    /// Writes JUnit to a file, and a summary to where CI shows one.
    case report(junit: String?, summary: Bool)

    package var kind: Kind {
        switch self {
        case .validate: .validate
        case .promote: .promote
        case .syncSecrets: .syncSecrets
        case .build: .build
        case .push: .push
        case .pin: .pin
        case .smoke: .smoke
        case .probe: .probe
        case .deploy: .deploy
        case .record: .record
        case .drift: .drift
        case .report: .report
        }
    }

    /// Its place among all steps: the order in which they are done.
    var rank: Int {
        // What is deployed can be tested once it is.
        if case .smoke(.modal, _) = self { return Self.rank(of: .deploy) + 1 }
        return Self.rank(of: kind)
    }

    private static func rank(of kind: Kind) -> Int { (Kind.allCases.firstIndex(of: kind) ?? 0) * 2 }

    /// Its options as they are written; `nil` where there are none.
    package var options: String? {
        switch self {
        case .promote(let source): "from: \(source)"
        case .syncSecrets(true): "fail_on_missing: true"
        case .build(let platforms): "platforms: [\(platforms.map(\.rawValue).joined(separator: ", "))]"
        case .smoke(let place, let image): "adapter: \(place.rawValue), image: \(image.rawValue)"
        case .drift(true): "live: true"
        case .report(let junit, let summary):
            (junit.map { "junit: \($0), " } ?? "") + "summary: \(summary)"
        case .validate, .syncSecrets, .push, .pin, .probe, .deploy, .record, .drift: nil
        }
    }
}
