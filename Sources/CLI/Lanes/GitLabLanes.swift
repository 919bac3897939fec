import DeploymentModel
import RegistryCatalog

/// The pipeline of GitLab CI for all lanes.
struct GitLabLanes {
    private let files: LaneFiles

    init(_ files: LaneFiles) { self.files = files }

    var text: String {
        var out = IndentedLines()
        out.add(0, LaneFiles.heading(.gitlab, from: "pipelines/"))
        out.add(
            0,
            "# It takes these variables: PINION_IMAGE, an image by digest that has pinion, git, docker, and Python with Modal's SDK;",
            "# PINION_PUSH_TOKEN, a project access token that may write the repository (masked and protected).",
            "# Runners with the tags 'pinion' and, for arm64, 'pinion-arm64' have a Docker engine that jobs reach.",
            "default:", "  image: $PINION_IMAGE", "  tags: [pinion]", "variables:",
            "  # All of the history: a change is compared with where it began.", "  GIT_DEPTH: \"0\"",
            "stages: [build, lane]")
        for lane in files.lanes {
            for platform in lane.builds { buildJob(&out, lane, platform) }
            laneJob(&out, lane)
        }
        return out.text
    }

    private func buildJob(_ out: inout IndentedLines, _ lane: LaneFiles.Lane, _ platform: Platform) {
        out.add(0, "", "\(lane.name) \(platform.rawValue):")
        out.add(1, "stage: build")
        if platform == .arm64 { out.add(1, "tags: [pinion-arm64]") }
        rules(&out, lane)
        script(&out, lane, " --platform \(platform.rawValue)")
    }

    private func laneJob(_ out: inout IndentedLines, _ lane: LaneFiles.Lane) {
        out.add(0, "", "\(lane.name):")
        out.add(1, "stage: lane")
        let needs = lane.builds.map { "'\(lane.name) \($0.rawValue)'" }.joined(separator: ", ")
        out.add(1, "needs: [\(needs)]")
        rules(&out, lane)
        if lane.spec.isChangedOnly {
            out.add(1, "interruptible: true")
        } else {
            out.add(1, "# One at a time, and never broken off.", "interruptible: false")
            out.add(
                1, "resource_group: pinion-\(lane.environment.name)\(usesBranch(lane) ? "-$CI_COMMIT_REF_SLUG" : "")")
            out.add(1, "environment: \(lane.environment.name)")
        }
        script(&out, lane, "")
        guard lane.spec.has(.report) else { return }
        let folder = ReportFiles.standardFolder
        let junit = "\(folder)/\(lane.junit ?? ReportFiles.junitName)"
        out.add(
            1, "artifacts:", "  when: always", "  paths: [\(folder)]", "  reports:",
            "    junit: \(junit.yamlQuoted)", "    codequality: \(folder)/code-quality.json")
    }

    private func rules(_ out: inout IndentedLines, _ lane: LaneFiles.Lane) {
        out.add(1, "rules:")
        if lane.spec.isChangedOnly {
            out.add(2, "- if: $CI_PIPELINE_SOURCE == 'merge_request_event'")
        } else if lane.promotes {
            out.add(2, "- if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH", "  when: manual", "  allow_failure: true")
        } else if let branch = lane.branch {
            out.add(2, "- if: $CI_COMMIT_BRANCH == \(branch.yamlQuoted)")
        } else {
            let others =
                files.branches.map { "$CI_COMMIT_BRANCH != \($0.yamlQuoted)" } + ["$CI_COMMIT_BRANCH !~ /^pinion\\//"]
            out.add(2, "- if: $CI_COMMIT_BRANCH && \(others.joined(separator: " && "))")
        }
    }

    private func script(_ out: inout IndentedLines, _ lane: LaneFiles.Lane, _ more: String) {
        out.add(1, "script:")
        guard !lane.spec.isChangedOnly else {
            out.add(
                2, "- git config --add remote.origin.fetch '+refs/pinion/*:refs/pinion/*' && git fetch --quiet origin")
            // GitLab says itself where a merge request begins.
            return out.add(2, "- pinion lane run \(lane.name)\(more)")
        }
        out.add(
            2,
            "- git config --global credential.helper '!f() { echo username=pinion; echo \"password=$PINION_PUSH_TOKEN\"; }; f'"
        )
        out.add(
            2,
            "- echo \"$REGISTRY_PASSWORD\" | docker login \(lane.registry.shellQuoted) --username \"$REGISTRY_USERNAME\" --password-stdin"
        )
        let branch = usesBranch(lane) ? " --branch \"$CI_COMMIT_BRANCH\"" : ""
        out.add(2, "- pinion lane run \(lane.name) --repo \"$CI_PROJECT_URL.git\"\(branch)\(more)")
    }

    private func usesBranch(_ lane: LaneFiles.Lane) -> Bool { lane.branch == nil && !lane.promotes }
}
