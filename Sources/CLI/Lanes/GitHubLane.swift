import DeploymentModel
import Modal
import RegistryCatalog

/// A workflow of GitHub Actions for one lane.
struct GitHubLane {
    /// actions/checkout v4.2.2, by commit: a tag can be moved.
    private static let checkout = "actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2"

    /// actions/upload-artifact v4.6.2.
    private static let upload = "actions/upload-artifact@ea165f8d65b6e75b540449e92b4886f43607fa02 # v4.6.2"

    private let lane: LaneFiles.Lane
    private let files: LaneFiles

    init(_ lane: LaneFiles.Lane, _ files: LaneFiles) {
        self.lane = lane
        self.files = files
    }

    var text: String {
        var out = IndentedLines()
        out.add(0, LaneFiles.heading(.github, from: lane.spec.path))
        out.add(
            0,
            "# It takes these variables: PINION_URL_AMD64 and PINION_SHA256_AMD64, where the program is and what it is."
        )
        if lane.builds.contains(.arm64) {
            out.add(0, "# PINION_URL_ARM64 and PINION_SHA256_ARM64 are the same for arm64.")
        }
        out.add(0, "name: pinion \(lane.name)", "on:")
        trigger(&out)
        // Each job asks for what it needs.
        out.add(0, "permissions: {}", "concurrency:")
        if lane.spec.isChangedOnly {
            out.add(1, "group: pinion-\(lane.name)-${{ github.ref }}", "cancel-in-progress: true")
        } else {
            out.add(
                1,
                "# A run that has begun is never broken off. One that waits may give way to a later one, which reads the same"
            )
            out.add(1, "# branch and does all that it would have done.")
            let part = lane.branch == nil && !lane.promotes ? "-${{ github.ref }}" : ""
            out.add(1, "group: pinion-\(lane.environment.name)\(part)", "cancel-in-progress: false")
        }
        out.add(0, "jobs:")
        if !lane.builds.isEmpty { buildJob(&out) }
        laneJob(&out)
        return out.text
    }

    private func trigger(_ out: inout IndentedLines) {
        if lane.spec.isChangedOnly {
            out.add(1, "pull_request:")
        } else if lane.promotes {
            out.add(1, "workflow_dispatch:")
        } else if let branch = lane.branch {
            out.add(1, "push:")
            out.add(2, "branches: [\(branch.yamlQuoted)]")
            out.add(1, "workflow_dispatch:")
        } else {
            let ignored = (files.branches + ["pinion/**"]).map(\.yamlQuoted).joined(separator: ", ")
            out.add(1, "push:")
            out.add(2, "branches-ignore: [\(ignored)]")
        }
    }

    /// Each platform on a machine of its own: the images meet in the build records.
    private func buildJob(_ out: inout IndentedLines) {
        out.add(1, "build:")
        out.add(2, "strategy:", "  fail-fast: false", "  matrix:", "    include:")
        for platform in lane.builds {
            let runner = platform == .arm64 ? "ubuntu-24.04-arm" : "ubuntu-24.04"
            out.add(
                5, "- {platform: \(platform.rawValue), variable: \(platform.rawValue.uppercased()), runner: \(runner)}")
        }
        out.add(2, "runs-on: ${{ matrix.runner }}", "timeout-minutes: 60")
        permissions(&out)
        out.add(2, "steps:")
        preparation(&out, variable: "${{ matrix.variable }}")
        out.add(3, "- name: Build and push ${{ matrix.platform }}")
        environment(&out, ["PLATFORM": "${{ matrix.platform }}"])
        out.add(4, "run: \(command) --platform \"$PLATFORM\"")
    }

    private func laneJob(_ out: inout IndentedLines) {
        out.add(1, "\(lane.name):")
        if !lane.builds.isEmpty { out.add(2, "needs: build") }
        out.add(2, "runs-on: ubuntu-24.04", "timeout-minutes: 60")
        if !lane.spec.isChangedOnly { out.add(2, "environment: \(lane.environment.name)") }
        permissions(&out)
        out.add(2, "steps:")
        preparation(&out, variable: "AMD64")
        if lane.environment.target == .modal, !lane.spec.isChangedOnly {
            out.add(3, "- name: Install Modal's SDK")
            out.add(4, "run: |")
            out.add(5, "python3 -m venv \"$RUNNER_TEMP/modal\"")
            out.add(5, "\"$RUNNER_TEMP/modal/bin/pip\" install --quiet modal==\(ModalPlatform.sdkVersion)")
            out.add(5, "echo \"PINION_PYTHON=$RUNNER_TEMP/modal/bin/python\" >> \"$GITHUB_ENV\"")
        }
        out.add(3, "- name: Run the lane")
        out.add(4, "id: lane")
        var variables = Dictionary(uniqueKeysWithValues: files.variables(of: lane).map { ($0, "${{ secrets.\($0) }}") })
        if lane.spec.isChangedOnly { variables["BASE"] = "${{ github.event.pull_request.base.sha }}" }
        environment(&out, variables)
        out.add(4, "run: \(command)" + (lane.spec.isChangedOnly ? " --base \"$BASE\"" : ""))
        guard lane.spec.has(.report) else { return }
        out.add(3, "- name: Keep the report")
        out.add(4, "if: always()", "uses: \(Self.upload)", "with:")
        out.add(5, "name: pinion-\(lane.name)", "path: \(ReportFiles.standardFolder)", "if-no-files-found: ignore")
    }

    private func permissions(_ out: inout IndentedLines) {
        out.add(2, "permissions:")
        guard !lane.spec.isChangedOnly else { return out.add(3, "contents: read") }
        out.add(3, "# Pins, build records and what is true of the environment are pushed.", "contents: write")
        if lane.registry == "ghcr.io" { out.add(3, "packages: \(lane.spec.has(.push) ? "write" : "read")") }
    }

    private func preparation(_ out: inout IndentedLines, variable: String) {
        out.add(3, "- uses: \(Self.checkout)")
        out.add(4, "with:", "  # All of the history: a change is compared with where it began.", "  fetch-depth: 0")
        out.add(3, "- name: Fetch Pinion's records")
        out.add(4, "run: |")
        out.add(5, "git config --add remote.origin.fetch '+refs/pinion/*:refs/pinion/*'", "git fetch --quiet origin")
        out.add(3, "- name: Install Pinion")
        out.add(4, "uses: ./\(GitHubAction.folder)", "with:")
        for (input, name) in [("url", "URL"), ("sha256", "SHA256")] {
            let value =
                variable.hasPrefix("$")
                ? "${{ vars[format('PINION_\(name)_{0}', matrix.variable)] }}"
                : "${{ vars.PINION_\(name)_\(variable) }}"
            out.add(5, "\(input): \(value)")
        }
        guard !lane.spec.isChangedOnly else { return }
        out.add(3, "- name: Log in to the OCI registry")
        let isGitHub = lane.registry == "ghcr.io"
        environment(
            &out,
            [
                "REGISTRY_USERNAME": isGitHub ? "${{ github.actor }}" : "${{ secrets.REGISTRY_USERNAME }}",
                "REGISTRY_PASSWORD": isGitHub ? "${{ github.token }}" : "${{ secrets.REGISTRY_PASSWORD }}",
            ])
        out.add(
            4,
            "run: echo \"$REGISTRY_PASSWORD\" | docker login \(lane.registry.shellQuoted) --username \"$REGISTRY_USERNAME\" --password-stdin"
        )
    }

    private func environment(_ out: inout IndentedLines, _ variables: [String: String]) {
        let own = usesBranch ? variables.merging(["BRANCH": "${{ github.ref_name }}"]) { one, _ in one } : variables
        guard !own.isEmpty else { return }
        out.add(4, "env:")
        for (name, value) in own.sorted(by: { $0.key < $1.key }) { out.add(5, "\(name): \(value)") }
    }

    /// Claims that the lane reads the branch that was pushed, and not one of its environment.
    private var usesBranch: Bool { !lane.spec.isChangedOnly && lane.branch == nil && !lane.promotes }

    /// Texts of others reach the shell by variables alone.
    private var command: String {
        let run = "pinion lane run \(lane.name)"
        guard !lane.spec.isChangedOnly else { return run }
        return run + " --remote origin" + (usesBranch ? " --branch \"$BRANCH\"" : "")
    }
}
