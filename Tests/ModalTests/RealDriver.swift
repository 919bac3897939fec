import DeploymentModel
import FoundationEssentials
import TestSupport

@testable import Modal

/// Claims that a Python with Modal's SDK is meant to be there. Without it large tests are not run, and say so.
let isPythonThere: Bool = {
    let isSet = ProcessInfo.processInfo.environment["PINION_REAL"] == "1"
    if !isSet { print("not run: PINION_REAL is not set; 'make test' starts the components and sets it") }
    return isSet
}()

/// The variables of a driver with a cache of its own.
func driverVariables(_ folder: TemporaryFolder, _ more: [String: String]) -> [String: String] {
    let own = ProcessInfo.processInfo.environment.filter { ["PATH", "HOME", "PINION_PYTHON"].contains($0.key) }
    let places = ["XDG_CACHE_HOME": folder.path + "/cache", "XDG_DATA_HOME": folder.path + "/data"]
    return own.merging(places) { $1 }.merging(more) { $1 }
}

/// Runs something on a driver, and closes it afterwards, whatever happened.
func withDriver<Value>(
    _ variables: [String: String], policy: Policy = Policy(attempts: 3, backoffMilliseconds: [1]),
    _ body: (ModalDriver) async throws -> Value
) async throws -> Value {
    let driver = ModalDriver(variables: variables, policy: policy)
    let result: Result<Value, any Error>
    do { result = .success(try await body(driver)) } catch { result = .failure(error) }
    await driver.close()
    return try result.get()
}

/// Runs something on a stand-in of its own, with a driver of its own.
func withPlane(
    policy: Policy = Policy(attempts: 3, backoffMilliseconds: [1]),
    _ body: (StandIn, ModalPlatform) async throws -> Void
) async throws {
    let (folder, plane) = (try TemporaryFolder(), try StandIn())
    try await withDriver(driverVariables(folder, plane.variables), policy: policy) { driver in
        try await body(plane, ModalPlatform(environment: "dev", driver: driver))
    }
    withExtendedLifetime(plane) {}
}
