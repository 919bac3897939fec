import DeploymentModel
import HTTP
import JSON

/// What a pull, a push or a build tells, line by line, in JSON. Errors come in it, behind a status of 200.
enum EngineProgress {
    /// The engine's own words about why it failed.
    struct Refused: Error {
        let message: String
    }

    /// Reads the stream to its end.
    ///
    /// - Parameter handle: gets each line that is no error.
    /// - Throws: `Refused` with the first `errorDetail`; `HTTPError` when the stream breaks off.
    static func read(_ response: HTTPResponse, _ handle: (JSONValue) -> Void) async throws {
        var splitter = LineSplitter()
        var iterator = response.body.makeAsyncIterator()
        while let chunk = try await iterator.next() {
            for line in splitter.receive(chunk) { try read(line, handle) }
        }
        if let line = splitter.finish() { try read(line, handle) }
    }

    private static func read(_ line: [UInt8], _ handle: (JSONValue) -> Void) throws {
        guard let json = try? JSONValue(parsing: line) else { return }
        if let message = json["errorDetail"]?["message"]?.stringValue ?? json["error"]?.stringValue {
            throw Refused(message: message)
        }
        handle(json)
    }

    /// A line for people: `4f4fb700ef54: Pushing 12 MB`; `nil` when there is nothing to say.
    static func text(_ json: JSONValue) -> String? {
        guard let status = json["status"]?.stringValue, json["progressDetail"]?["current"] == nil else { return nil }
        return json["id"]?.stringValue.map { "\($0): \(status)" } ?? status
    }
}

extension EngineClient {
    /// Carries out a call that answers with progress.
    ///
    /// - Parameters:
    ///   - handle: gets each line that is no error.
    ///   - failing: makes a failure of the engine's words when it refuses, at once or in the stream.
    func progress(
        _ call: Call, _ handle: (JSONValue) -> Void, failing: (String) -> Failure
    ) async throws(Failure) {
        let response = try await stream(call.patient())
        guard response.isSuccess else {
            let body = (try? await response.collect(upTo: 1 << 20)) ?? []
            let reply = HTTPReply(status: response.status, headers: response.headers, url: response.url, body: body)
            throw failing(words(reply, call))
        }
        do {
            try await EngineProgress.read(response, handle)
        } catch let error as EngineProgress.Refused {
            throw failing(error.message)
        } catch let error as HTTPError {
            throw unreachable(error)
        } catch {
            throw Failure(.docker, "the Docker engine's progress can't be read: \(error)")
        }
    }
}
