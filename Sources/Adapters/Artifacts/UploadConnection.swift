import NIOCore
import NIOHTTP1

/// One client of an `ArtifactReceiver`: takes its uploads one after the other.
struct UploadConnection {
    typealias Inbound = NIOAsyncChannelInboundStream<HTTPServerRequestPart>.AsyncIterator
    typealias Outbound = NIOAsyncChannelOutboundWriter<HTTPServerResponsePart>

    /// How much of a refused upload is read, so that its sender gets to see the answer.
    private static let patience = 16 << 20

    let slots: UploadSlots
    let directory: String
    let limits: ArtifactLimits

    func serve(_ inbound: inout Inbound, _ outbound: Outbound) async throws {
        while let part = try await inbound.next(isolation: #isolation) {
            guard case .head(let head) = part else { return }
            let answer = try await take(head, &inbound, outbound)
            let keepsAlive = head.isKeepAlive && answer.bodyIsRead
            try await respond(answer.status, keepsAlive: keepsAlive, to: head, outbound)
            if !answer.bodyIsRead { try await skipBody(&inbound) }
            if !keepsAlive { return }
        }
    }

    private struct Answer {
        let status: HTTPResponseStatus
        let bodyIsRead: Bool

        static func refusal(_ status: HTTPResponseStatus) -> Answer { Answer(status: status, bodyIsRead: false) }
    }

    private func take(_ head: HTTPRequestHead, _ inbound: inout Inbound, _ outbound: Outbound) async throws -> Answer {
        guard head.method == .PUT else { return .refusal(.methodNotAllowed) }
        let purpose: UploadSlots.Purpose
        let number: Int
        switch slots.claim(String(head.uri.dropFirst())) {
        case .granted(let itsPurpose, let itsNumber): (purpose, number) = (itsPurpose, itsNumber)
        case .unknown: return .refusal(.notFound)
        case .busy: return .refusal(.conflict)
        case .used: return .refusal(.gone)
        }
        var reserved: Int64 = 0
        do {
            let limit = purpose == .index ? limits.index : limits.file
            if let length = head.headers.first(name: "content-length").flatMap(Int64.init), length > limit {
                throw Refusal(status: .payloadTooLarge)
            }
            if head.headers[canonicalForm: "expect"].contains(where: { $0.lowercased() == "100-continue" }) {
                try await outbound.write(.head(HTTPResponseHead(version: head.version, status: .continue)))
            }
            try await receive(
                &inbound, purpose, number, limit, &reserved, mime: head.headers.first(name: "content-type"))
            return Answer(status: .created, bodyIsRead: true)
        } catch let refusal as Refusal {
            slots.giveBack(number, bytes: reserved)
            return .refusal(refusal.status)
        } catch {
            slots.giveBack(number, bytes: reserved)
            throw error
        }
    }

    /// Receives a body to its end, or throws and leaves no file behind.
    private func receive(
        _ inbound: inout Inbound, _ purpose: UploadSlots.Purpose, _ number: Int, _ limit: Int64,
        _ reserved: inout Int64, mime: String?
    ) async throws {
        let file = "\(directory)/\(number)"
        var sink = purpose == .index ? UploadSink() : try await UploadSink(file: file)
        do {
            receiving: while true {
                switch try await inbound.next(isolation: #isolation) {
                case .body(let buffer):
                    let bytes = Int64(buffer.readableBytes)
                    guard sink.count + bytes <= limit, slots.reserve(bytes) else {
                        throw Refusal(status: .payloadTooLarge)
                    }
                    reserved += bytes
                    try await sink.add(buffer)
                case .end: break receiving
                case .head, nil: throw ChannelError.eof
                }
            }
        } catch {
            await sink.discard()
            throw error
        }
        let size = sink.count
        let (id, bytes) = try await sink.finish()
        switch purpose {
        case .index: slots.finish(number, index: bytes)
        case .output(let path):
            slots.finish(
                number, path, ReceivedArtifacts.Artifact(file: file, contentID: id, sizeBytes: size, mime: mime))
        }
    }

    private struct Refusal: Error {
        let status: HTTPResponseStatus
    }

    private func respond(
        _ status: HTTPResponseStatus, keepsAlive: Bool, to head: HTTPRequestHead, _ outbound: Outbound
    ) async throws {
        var headers = HTTPHeaders([("Content-Length", "0")])
        if !keepsAlive { headers.add(name: "Connection", value: "close") }
        if status == .methodNotAllowed { headers.add(name: "Allow", value: "PUT") }
        try await outbound.write(.head(HTTPResponseHead(version: head.version, status: status, headers: headers)))
        try await outbound.write(.end(nil))
    }

    private func skipBody(_ inbound: inout Inbound) async throws {
        var skipped = 0
        while skipped < Self.patience, case .body(let buffer)? = try await inbound.next(isolation: #isolation) {
            skipped += buffer.readableBytes
        }
    }
}
