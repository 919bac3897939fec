/// Every error that Pinion itself raises. A processor's own codes pass through envelopes as text.
///
/// The list is closed, so that one switch can decide what an error means for the run.
package enum ErrorCode: String, Codable, Hashable, Sendable, CaseIterable {
    case inputs = "ERR_INPUTS"
    case modeInvalid = "ERR_MODE_INVALID"
    case ciSafety = "ERR_CI_SAFETY"
    case missingSecret = "ERR_MISSING_SECRET"
    case outputDuplicate = "ERR_OUTPUT_DUPLICATE"
    case outputMismatch = "ERR_OUTPUT_MISMATCH"
    case imagePull = "ERR_IMAGE_PULL"
    case imageUnpinned = "ERR_IMAGE_UNPINNED"
    case imageBuild = "ERR_IMAGE_BUILD"
    case imagePush = "ERR_IMAGE_PUSH"
    case imagePlatform = "ERR_IMAGE_PLATFORM"
    case timeout = "ERR_TIMEOUT"
    case functionNotFound = "ERR_FUNCTION_NOT_FOUND"
    case registryMismatch = "ERR_REGISTRY_MISMATCH"
    case badResponse = "ERR_BAD_RESPONSE"
    case health = "ERR_HEALTH"
    case docker = "ERR_DOCKER"
    case network = "ERR_NETWORK"
    case modal = "ERR_MODAL"
    case git = "ERR_GIT"
    case lease = "ERR_LEASE"
    case budget = "ERR_BUDGET"
    case predicate = "ERR_PREDICATE"
    case nameCollision = "ERR_NAME_COLLISION"
    case versionMutated = "ERR_VERSION_MUTATED"
    case yaml = "ERR_YAML"
    case yamlBudget = "ERR_YAML_BUDGET"
    case spec = "ERR_SPEC"
    case prefixTemplate = "ERR_PREFIX_TEMPLATE"
    case wsTimeout = "ERR_WS_TIMEOUT"
    case wsProtocol = "ERR_WS_PROTOCOL"
    case wsClose = "ERR_WS_CLOSE"
    case sandbox = "ERR_SANDBOX"
    // World paths
    case decodedSlash = "ERR_DECODED_SLASH"
    case dotSegments = "ERR_DOT_SEGMENTS"
    case badFacet = "ERR_BAD_FACET"
    case pathTooLong = "ERR_PATH_TOO_LONG"
    case segmentTooLong = "ERR_SEGMENT_TOO_LONG"
    case forbiddenSegment = "ERR_FORBIDDEN_SEGMENT"
    case percentDecode = "ERR_PERCENT_DECODE"
}

extension ErrorCode {
    /// Whose fault an error is, so that its reader knows where to look.
    package enum Fault: String, Codable, Hashable, Sendable {
        case processor
        case transport
        case infrastructure
        /// What the user gave: a spec, a flag, inputs.
        case request
    }

    package var fault: Fault {
        switch self {
        case .outputDuplicate, .outputMismatch, .badResponse, .health, .registryMismatch, .imageBuild, .timeout,
            .predicate:
            .processor
        case .wsTimeout, .wsProtocol, .wsClose: .transport
        case .docker, .network, .modal, .imagePull, .imagePush, .lease, .git, .sandbox: .infrastructure
        case .inputs, .modeInvalid, .ciSafety, .missingSecret, .imageUnpinned, .imagePlatform, .functionNotFound,
            .budget, .nameCollision, .versionMutated, .yaml, .yamlBudget, .spec, .prefixTemplate, .decodedSlash,
            .dotSegments, .badFacet, .pathTooLong, .segmentTooLong, .forbiddenSegment, .percentDecode:
            .request
        }
    }

    /// Claims that the same action may succeed when it is tried again with unchanged inputs.
    package var isWorthRetry: Bool {
        switch self {
        case .network, .lease, .wsTimeout, .wsClose, .imagePull, .imagePush, .modal: true
        default: false
        }
    }
}
