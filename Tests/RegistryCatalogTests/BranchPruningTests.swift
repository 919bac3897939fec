import DeploymentModel
import RegistryCatalog
import Testing

@Suite(.tags(.small))
struct BranchPruningTests {
    private static let function = "exec__llm_litellm__v1"

    private func app(
        _ name: String, _ function: String = function, branch: String? = nil, isOurs: Bool = true
    ) -> ObservedApp {
        var tags = ["managed-by": isOurs ? "pinion" : "me"]
        tags["branch"] = branch
        return ObservedApp(
            name: name, version: 1, deployedAt: nil, deployedBy: nil, tags: tags,
            functions: [
                ObservedFunction(
                    name: function, imageID: "i", boundImageID: nil, cpu: nil, memoryMB: nil, gpu: [],
                    timeoutSeconds: nil, scaling: ScalingLimits(), secrets: [], url: nil, requiresProxyAuth: nil)
            ])
    }

    private func gone(_ app: ObservedApp, _ branches: String...) throws -> Bool {
        try #require(BranchPruning(of: [app], branches: branches).entries.first).isGone
    }

    private func tag(of branch: String) throws -> String {
        let spec = EnvironmentSpec(name: "dev", target: .modal, registry: "ghcr.io/acme", pins: .record)
        let names = try AppNaming(spec, variables: ["GIT_BRANCH": branch, "GIT_USER": "ada"], branch: nil, user: nil)
        return try #require(names.name(of: try ProcessorRef("llm/litellm@1")).origin?.branch)
    }

    @Test func `the branch in the tags decides, whatever the name may be read as`() throws {
        let tagged = app("main-ada-b-llm-litellm-v1", branch: "main-ada")
        #expect(try gone(tagged, "main"))
        #expect(try !gone(tagged, "main", "main-ada"))
    }

    @Test(arguments: ["feature/x", "Über", String(repeating: "x", count: 80), "a b", "main"])
    func `a branch of any name is known again by its tag, and no other one is`(branch: String) throws {
        let tag = try tag(of: branch)
        #expect((1...63).contains(tag.utf8.count))
        #expect(tag.utf8.allSatisfy { Self.allowed.contains($0) })
        #expect(try !gone(app("x", branch: tag), branch))
        #expect(try gone(app("x", branch: tag), "feature-x", "ber", String(repeating: "x", count: 81), "a-b", "Main"))
    }

    private static let allowed = Set(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-".utf8)

    @Test func `without tags an app stays when any way to read its name gives a branch that is there`() throws {
        let untagged = app("main-ada-b-llm-litellm-v1")
        #expect(try !gone(untagged, "main"))
        #expect(try !gone(untagged, "Main/Ada"))
        #expect(try gone(untagged, "dev", "main-ada-b", "mai"), "a user has to be left over")
    }

    @Test func `what is of no branch stays`() throws {
        #expect(try !gone(app("old-ada-llm-litellm-v1", branch: "old", isOurs: false), "main"))
        #expect(try !gone(app("llm-litellm-v1"), "main"), "named by the ref")
        #expect(try !gone(app("mine-llm-litellm-v1"), "main"), "no user")
        #expect(try !gone(app("old-ada-llm-litellm-v2"), "main"), "its function is of another version")
        #expect(try !gone(app("old-ada-web", "web"), "main"))
        let cut = "old-ada-" + String(repeating: "x", count: 47) + "-12345678"
        #expect(try !gone(app(cut, "exec__llm_\(String(repeating: "x", count: 60))__v1"), "main"))
    }

    @Test func `an app that is named itself is of the branch that it was deployed from, if anybody says which`() throws
    {
        let spec = EnvironmentSpec(name: "dev", target: .modal, registry: "ghcr.io/acme", pins: .record)
        let ref = try ProcessorRef("llm/litellm@1")
        func origin(_ branch: String?) throws -> AppOrigin? {
            try AppNaming(spec, variables: ["MODAL_APP_NAME": "mine"], branch: branch, user: "ada").name(of: ref).origin
        }
        #expect(try origin("main") == AppOrigin(branch: "main", user: "ada"))
        #expect(try origin(nil) == nil)
    }
}
