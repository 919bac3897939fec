import DeploymentModel
import RegistryCatalog

/// Ready-made files for a CI system that run the lanes of a registry.
///
/// They name actions by commit, ask for the least that a lane needs, and let no run of a deploying lane be broken off: only
/// a change that was superseded is. A deploying lane that waits may give way to a later one, which does all that it would
/// have done, because a lane goes by what the branch says when it starts.
struct LaneFiles {
    enum System: String, CaseIterable { case github, gitlab }

    struct File {
        let path: String
        let text: String
    }

    let catalog: Catalog
    let lanes: [Lane]

    /// A lane with its environment.
    struct Lane {
        let spec: LaneSpec
        let environment: EnvironmentSpec

        var name: String { spec.name }

        /// The branch whose pushes it runs for; `nil` for all that no other lane has, or for none.
        var branch: String? { environment.branch }

        var promotes: Bool { spec.has(.promote) }

        /// The platforms that machines of their own build.
        var builds: [Platform] {
            guard spec.has(.push) else { return [] }
            return spec.steps.flatMap { step -> [Platform] in
                if case .build(let platforms) = step { Set(platforms.map(\.platform)).sorted() } else { [] }
            }
        }

        var junit: String? {
            spec.steps.compactMap { step -> String? in if case .report(let junit, _) = step { junit } else { nil } }
                .first
        }

        /// The host of the OCI registry.
        var registry: String { String(environment.registry.prefix { $0 != "/" }) }
    }

    init(_ catalog: Catalog) {
        self.catalog = catalog
        lanes = catalog.lanes.compactMap { spec in
            guard let environment = catalog.environment(named: spec.environment) else { return nil }
            // What runs on a developer's own engine is nothing for CI, unless it only tries a change.
            return environment.target == .modal || spec.isChangedOnly ? Lane(spec: spec, environment: environment) : nil
        }
    }

    func files(for system: System) -> [File] {
        switch system {
        case .github:
            lanes.map { File(path: ".github/workflows/pinion-\($0.name).yml", text: GitHubLane($0, self).text) }
                + [File(path: "\(GitHubAction.folder)/action.yml", text: GitHubAction.text)]
        case .gitlab: [File(path: ".gitlab-ci.yml", text: GitLabLanes(self).text)]
        }
    }

    static let mark = "# Written by 'pinion lane ci'"

    /// What tells people where a file comes from, and Pinion that it may write it again.
    static func heading(_ system: System, from place: String) -> String {
        "\(mark) --for \(system.rawValue) from \(place); write it again after a change there."
    }

    /// The branches that lanes of their own are for.
    var branches: [String] { Set(lanes.compactMap(\.branch)).sorted() }

    /// The names of the secrets that a lane syncs.
    func secrets(of lane: Lane) -> [String] {
        guard lane.spec.has(.syncSecrets) else { return [] }
        return SecretNeeds(of: catalog.processors.filter(\.isEnabled).compactMap { try? $0.processor() }).names
    }

    /// The variables that a lane gets its log-ins and secrets from, beside the OCI registry's.
    func variables(of lane: Lane) -> [String] {
        guard lane.environment.target == .modal, !lane.spec.isChangedOnly else { return [] }
        return ["MODAL_TOKEN_ID", "MODAL_TOKEN_SECRET", "MODAL_PROXY_KEY", "MODAL_PROXY_SECRET"] + secrets(of: lane)
    }
}

/// Lines at some depth.
struct IndentedLines {
    private(set) var lines: [String] = []

    mutating func add(_ depth: Int, _ more: String...) {
        lines += more.map { $0.isEmpty ? "" : String(repeating: "  ", count: depth) + $0 }
    }

    var text: String { lines.joined(separator: "\n") + "\n" }
}

extension String {
    /// As YAML reads it back whatever it holds.
    var yamlQuoted: String { "'" + replacing("'", with: "''") + "'" }

    /// As a shell reads it back whatever it holds.
    var shellQuoted: String {
        allSatisfy { $0.isLetter || $0.isNumber || "-_./".contains($0) }
            ? self : "'" + replacing("'", with: #"'\''"#) + "'"
    }
}
