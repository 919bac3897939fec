package import DeploymentModel
import JSON

/// The one Python module that is deployed, and the file that it deploys by hand from: `modal deploy -m modal_app`.
package enum ModalModule {
    /// The text of `modal_app.py`.
    package static var text: String { String(decoding: PackageResources.modal_app_py, as: UTF8.self) }

    /// The text of `modal_app.json` for these functions.
    package static func apps(_ functions: [FunctionSpec]) -> String {
        JSONValue.object(["apps": .array(functions.map { .object($0.fields) })]).pretty + "\n"
    }
}
