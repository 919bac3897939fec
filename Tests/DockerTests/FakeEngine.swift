import LoopbackServer

@testable import Docker

/// An engine on a unix socket that answers what a closure says; `_ping` it answers by itself.
struct FakeEngine {
    let client: EngineClient
    let server: LoopbackServer
    private let folder: TemporaryFolder

    /// - Parameter reply: gets requests with the version taken off their target; `nil` is 404.
    init(version: String = "1.45", _ reply: @escaping @Sendable (_ request: ReceivedRequest, _ path: String) -> Reply?)
        throws
    {
        folder = try TemporaryFolder()
        let path = folder.path + "/s"
        server = try LoopbackServer.answering(unixSocket: path) { request in
            if request.path == "/_ping" { return Reply(headers: [("Api-Version", version)], "OK") }
            let parts = request.target.split(separator: "/", maxSplits: 1)
            return reply(request, "/" + (parts.count > 1 ? parts[1] : ""))
                ?? Reply(404, #"{"message":"no such thing"}"#)
        }
        client = EngineClient(try EngineAddress("unix://" + path))
    }

    /// Methods and targets of all requests but the ping.
    var calls: [String] {
        server.requests.filter { $0.path != "/_ping" }.map { "\($0.method) \($0.target)" }
    }
}
