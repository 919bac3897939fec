import DeploymentModel
import FoundationEssentials
import RegistryCatalog

/// The environment that a command works on.
///
/// Commands of Modal take, where none is named, the one of `MODAL_ENV`, or the one whose name on Modal is
/// `MODAL_ENVIRONMENT`; all others take `local`.
struct EnvironmentChoice {
    private let name: String?
    private let wanted: Target?
    private let variables: [String: String]

    init(
        _ name: String?, on wanted: Target?,
        variables: [String: String] = ProcessInfo.processInfo.environment
    ) {
        self.name = name
        self.wanted = wanted
        self.variables = variables.filter { !$0.value.isEmpty }
    }

    /// - Throws: `Failure` with `ERR_FUNCTION_NOT_FOUND` when there is no such environment; `ERR_SPEC` when it runs on
    ///   something else, or none is named.
    func environment(of catalog: Catalog) throws(Failure) -> EnvironmentSpec {
        let name = try name(in: catalog)
        guard let environment = catalog.environment(named: name) else {
            throw Failure(
                .functionNotFound, "there is no environment '\(name)' in \(EnvironmentSpec.file)",
                remedy: Suggestion.text(for: name, among: Self.names(catalog, nil)))
        }
        guard let wanted, environment.target != wanted else { return environment }
        let others = Self.list(catalog, wanted)
        throw Failure(
            .spec,
            "the environment '\(name)' runs on \(environment.target.rawValue), and this is about \(wanted.rawValue)",
            remedy: others.isEmpty ? Self.addition : "There is: \(others).")
    }

    private func name(in catalog: Catalog) throws(Failure) -> String {
        if let name { return name }
        guard wanted == .modal else { return "local" }
        if let name = variables["MODAL_ENV"] { return name }
        if let modal = variables["MODAL_ENVIRONMENT"],
            let environment = catalog.environments.first(where: { $0.modalEnvironment == modal })
        {
            return environment.name
        }
        let others = Self.list(catalog, .modal)
        throw Failure(
            .spec, "no environment is named",
            remedy: others.isEmpty ? Self.addition : "Name one with --env or MODAL_ENV. There is: \(others).")
    }

    private static let addition = "Add one with 'target: modal' to \(EnvironmentSpec.file)."

    private static func list(_ catalog: Catalog, _ target: Target?) -> String {
        names(catalog, target).joined(separator: ", ")
    }

    private static func names(_ catalog: Catalog, _ target: Target?) -> [String] {
        let known = catalog.environments + [.standardLocal]
        return Set(known.filter { target == nil || $0.target == target }.map(\.name)).sorted()
    }
}
