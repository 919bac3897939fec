/// A concept that `pinion help` explains on one screen. Its text is a page of the docs too.
enum Topic: String, CaseIterable {
    case processors
    case keys
    case pins
    case environments
    case plans
    case records
    case leases
    case evidence
    case promotion
    case lanes
    case secrets
    case drift
    case configuration
    case exitCodes = "exit-codes"

    /// In Markdown, with lines of at most 80 characters.
    var text: String {
        let bytes =
            switch self {
            case .processors: PackageResources.processors_md
            case .keys: PackageResources.keys_md
            case .pins: PackageResources.pins_md
            case .environments: PackageResources.environments_md
            case .plans: PackageResources.plans_md
            case .records: PackageResources.records_md
            case .leases: PackageResources.leases_md
            case .evidence: PackageResources.evidence_md
            case .promotion: PackageResources.promotion_md
            case .lanes: PackageResources.lanes_md
            case .secrets: PackageResources.secrets_md
            case .drift: PackageResources.drift_md
            case .configuration: PackageResources.configuration_md
            case .exitCodes: PackageResources.exit_codes_md
            }
        return String(decoding: bytes, as: UTF8.self)
    }
}
