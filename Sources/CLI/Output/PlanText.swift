import DeploymentModel
import Reconciliation

/// A plan for people.
struct PlanText {
    private let plan: Plan
    private let style: Style

    init(_ plan: Plan, style: Style) {
        self.plan = plan
        self.style = style
    }

    /// `local ← main@3f2c1ab · 4 processors · snapshot 9c1e44d0`
    var heading: String {
        let source = (plan.branch.map { "\($0)@" } ?? "") + plan.commit.prefix(7)
        let count = plan.items.count + plan.unchanged.count + plan.blocked.count
        let snapshot = plan.snapshotID.split(separator: ":").last?.prefix(8) ?? ""
        return style.bold("\(plan.environment) ← \(source)")
            + style.dim(" · \(counted(count, "processor")) · snapshot \(snapshot)")
    }

    var text: String {
        var lines = [heading]
        if !plan.isEmpty { lines.append("") }
        let width = (plan.items.map(\.ref) + plan.blocked.map(\.ref)).map(\.description.count).max() ?? 0
        for secret in plan.secrets {
            let mark = secret.change == .created ? style.green("+") : style.yellow("~")
            lines.append(
                "  \(mark) secret \(style.bold(secret.name))  \(secret.change == .created ? "not there" : "another value")"
            )
        }
        for item in plan.items {
            let mark = item.record.previous?.applied == nil ? style.green("+") : style.yellow("~")
            let name = style.bold(item.ref.description) + padding(item.ref, width)
            lines.append("  \(mark) \(name)  \(item.reasons.joined(separator: "; ").printable)")
            lines += rows(of: item).map { verb, text in
                "      \(verb)\(String(repeating: " ", count: 9 - verb.count))\(text)"
            }
        }
        for stop in plan.stops {
            lines.append("  \(style.red("-")) app \(style.bold(stop.app.printable))  \(stop.reason.printable)")
        }
        for blocked in plan.blocked {
            lines.append(
                "  \(style.red("!")) \(style.bold(blocked.ref.description))\(padding(blocked.ref, width))  cannot be planned"
            )
            lines.append(FailureText(blocked.failure, style: style, indent: "      ").text)
        }
        if !plan.unchanged.isEmpty, !plan.isEmpty {
            lines.append("  \(style.dim("= \(plan.unchanged.count) unchanged"))")
        }
        lines += ["", summary]
        lines += plan.notes.map { style.dim("note: \($0.printable)") }
        return lines.joined(separator: "\n")
    }

    var summary: String {
        guard !plan.isEmpty else {
            return plan.unchanged.isEmpty
                ? "Nothing to do: \(plan.environment) wants no processor. Make one: pinion new processor NS/NAME@1"
                : "Nothing to do: \(counted(plan.unchanged.count, "processor")) as they should be."
        }
        let sure = plan.items.filter { !$0.mayRunAlready }
        let unsure = plan.items.filter(\.mayRunAlready)
        let counts: [(Int, String)] = [
            (plan.secrets.count, "to sync"),
            (plan.items.count { !$0.builds.isEmpty }, "to build"),
            (plan.items.count { $0.pin != nil }, "to pin"),
            (plan.items.count { $0.smoke != nil || $0.deployedSmoke != nil }, "to smoke-test"),
            (sure.count { $0.deploy != nil }, "to deploy"),
            (plan.items.count { $0.rollover != nil }, "to roll over"),
            (sure.reduce(plan.stops.count) { $0 + $1.remove.count }, "to remove"),
            (unsure.count, "to replace unless the build gives the image that runs"),
            (plan.blocked.count, "blocked"),
        ]
        let parts = counts.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }
        return parts.isEmpty ? "\(plan.items.count) to record." : parts.joined(separator: ", ") + "."
    }

    private func rows(of item: PlanItem) -> [(String, String)] {
        var rows: [(String, String)] = []
        if let recipe = item.recipe, !item.builds.isEmpty {
            let platforms = item.builds.map(\.oci).joined(separator: ", ")
            rows.append(("build", "\(platforms) → \(recipe.repository.repository)"))
        }
        if let pin = item.pin { rows.append(("pin", pinRow(pin, of: item))) }
        if item.smoke != nil {
            rows.append(("smoke", "local, mock, \(item.processor.api.transport.rawValue)"))
        }
        if item.probe != nil { rows.append(("probe", "local, real, without its secrets")) }
        if let function = item.deploy?.function {
            let version =
                function.version.map {
                    function.keepsVersion == true ? "version \($0) stays" : "in place of version \($0)"
                }
                ?? "its first version"
            rows.append(("deploy", "\(function.name.function) in \(function.name.app), \(version)"))
        } else if let deploy = item.deploy {
            rows.append(("deploy", "container for \(deploy.platform.oci) (\(deploy.reason))"))
        }
        if let rollover = item.rollover {
            rows.append(("rollover", "new containers of \(rollover.name.app)"))
        }
        if item.deployedSmoke != nil {
            rows.append(("smoke", "modal, mock, \(item.processor.api.transport.rawValue)"))
        }
        let condition = item.mayRunAlready ? " (unless it stays)" : ""
        for stale in item.remove { rows.append(("remove", "container \(stale.name)\(condition)")) }
        return rows
    }

    /// `amd64 none → 60d28ccbbfe3, arm64 …`; one word for both when they come with the build.
    private func pinRow(_ pin: PinAction, of item: PlanItem) -> String {
        let place = style.dim(pin.mode == .record ? "in the record" : "in \(pin.specPath)")
        if item.builds.count == Platform.allCases.count { return "amd64, arm64: known after build \(place)" }
        let changes = Platform.allCases.compactMap { platform -> String? in
            let old = pin.from[platform]?.digest?.short ?? "none"
            if item.builds.contains(platform) { return "\(platform) \(old) → known after build" }
            let new = item.images[platform]?.digest?.short ?? "none"
            return old == new ? nil : "\(platform) \(old) → \(new)"
        }
        return "\(changes.joined(separator: ", ")) \(place)"
    }

    private func padding(_ ref: ProcessorRef, _ width: Int) -> String {
        String(repeating: " ", count: width - ref.description.count)
    }
}

extension PlanItem {
    /// Claims that a container runs for this very spec, and that it is not known before the build whether it has its image.
    fileprivate var mayRunAlready: Bool {
        guard let deploy, deploy.function == nil, images[deploy.platform] == nil else { return false }
        return containers.contains { $0.isRunning && $0.hostPort != nil && $0.specHash == record.specHash }
    }
}

/// `1 processor`, `4 processors`.
func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }
