import DeploymentModel
import HTTP
import JSON

extension Failure {
    /// There was no usable answer at all.
    init(unreachable image: ImageReference, _ error: HTTPError) {
        switch error.kind {
        case .tooLarge, .redirect, .invalidRequest:
            self.init(.imagePull, "\(image.registry) did not answer as an OCI registry about \(image): \(error)")
        case .tls:
            self.init(
                .network, "\(image.registry) can't be trusted: \(error)",
                remedy: "If it has a certificate of its own authority, name that in SSL_CERT_FILE.")
        default:
            self.init(.network, "\(image.registry) can't be reached about \(image): \(error)")
        }
    }

    /// An answer with a status that is neither success nor one that the caller handles.
    init(_ reply: HTTPReply, image: ImageReference, access: Access) {
        let detail = Self.detail(reply)
        switch reply.status {
        case 401, 403:
            self.init(
                access.code, "\(image.registry) does not let this user \(access.verb) \(image)",
                remedy: "Log in with: docker login \(image.registry)", detail: detail, cause: .credentials)
        case 404:
            self.init(
                access.code, "\(image.registry) has no \(image)",
                remedy: "Check the name, and whether it was pushed; some registries say this to users without access.",
                detail: detail)
        case 429:
            self.init(
                .network, "\(image.registry) has had too many requests, it says about \(image)",
                remedy: "Wait, or log in, which raises the limit in many places: docker login \(image.registry)",
                detail: detail)
        case 500...:
            self.init(.network, "\(image.registry) answered \(reply.status) about \(image)", detail: detail)
        default:
            self.init(access.code, "\(image.registry) answered \(reply.status) about \(image)", detail: detail)
        }
    }

    /// Bytes that are not what was asked for.
    init(altered image: ImageReference, _ what: String) {
        self.init(
            .imagePull, "\(image.registry) sent something else for \(image): \(what)",
            remedy: "Somebody between here and the registry changes content; nothing of it was used.")
    }

    /// The registry's own words: `errors[].code` and `.message` (distribution specification, error codes).
    private static func detail(_ reply: HTTPReply) -> String? {
        guard let errors = (try? JSONValue(parsing: reply.body))?["errors"]?.arrayValue else { return nil }
        let lines = errors.prefix(5).map { error in
            [error["code"]?.stringValue, error["message"]?.stringValue].compactMap(\.self).joined(separator: ": ")
        }
        let text = lines.filter { !$0.isEmpty }.joined(separator: "\n")
        return text.isEmpty ? nil : String(text.prefix(1000))
    }
}
