/// The formats that can be judged. Others are annotations whatever is asked for.
enum SchemaFormat: String, Sendable, CaseIterable {
    case dateTime = "date-time"
    case date
    case time
    case email
    case hostname
    case ipv4
    case ipv6
    case uri
    case uriReference = "uri-reference"
    case uuid
    case jsonPointer = "json-pointer"
    case regex

    func allows(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        return switch self {
        case .dateTime: Self.isDateTime(bytes)
        case .date: Self.isDate(bytes[...])
        case .time: Self.isTime(bytes[...])
        case .email: Self.isEmail(bytes)
        case .hostname: Self.isHostname(bytes[...])
        case .ipv4: Self.isIPv4(bytes[...])
        case .ipv6: Self.isIPv6(bytes[...])
        case .uri: Self.isURI(bytes, isAbsolute: true)
        case .uriReference: Self.isURI(bytes, isAbsolute: false)
        case .uuid: Self.isUUID(bytes)
        case .jsonPointer: (try? JSONPointer(parsing: text)) != nil
        case .regex: (try? SchemaPattern(text)) != nil
        }
    }

    /// Why a text isn't of the format.
    func refusal(of text: String) -> String {
        guard self == .regex else { return "expected \(description)" }
        do throws(SchemaPattern.Failure) {
            _ = try SchemaPattern(text)
            return "expected \(description)"
        } catch {
            return error.message
        }
    }

    private var description: String {
        switch self {
        case .dateTime: "a date and time such as 2026-01-31T12:00:00Z"
        case .date: "a date such as 2026-01-31"
        case .time: "a time such as 12:00:00Z"
        case .email: "an e-mail address"
        case .hostname: "a host name"
        case .ipv4: "an IPv4 address"
        case .ipv6: "an IPv6 address"
        case .uri: "a URI with its scheme"
        case .uriReference: "a URI or a relative reference"
        case .uuid: "a UUID"
        case .jsonPointer: "a JSON pointer"
        case .regex: "a regular expression of ECMA-262"
        }
    }
}
