package import DeploymentModel
import YAML

/// Replaces the pins of a spec file and nothing else of it.
package struct PinEditor {
    private let file: String
    private let document: YAMLDocument
    package let spec: ProcessorSpec

    /// - Throws: `Failure` with `ERR_SPEC` when the file is no processor's spec any more.
    package init(_ source: [UInt8], file: String, ref: ProcessorRef) throws(Failure) {
        self.file = file
        do throws(YAMLError) {
            document = try YAMLDocument(source)
        } catch { throw Failure(.yaml, "\(file):\(error)") }
        var reader = ProcessorSpecReader(file: file)
        guard let spec = document.root.flatMap({ reader.read($0) }), spec.ref == ref else {
            throw Failure(.spec, "\(file) is not the spec of \(ref) any more")
        }
        self.spec = spec
    }

    /// The pins that stand in the file now; placeholders and tags are none.
    package var pins: [Platform: ImageReference] { spec.image.pins }

    /// The file's bytes with these pins in their slots.
    ///
    /// - Throws: `Failure` with `ERR_SPEC` when a platform has no slot, or the slot cannot be written without touching
    ///   other bytes.
    package func replacing(_ pins: [Platform: ImageReference]) throws(Failure) -> [UInt8] {
        var edits: [ScalarEdit] = []
        for (platform, image) in pins.sorted(by: { $0.key < $1.key }) {
            guard let slot = spec.image.slots[platform] else {
                throw Failure(
                    .spec, "\(file) has no image.platforms.\(platform)",
                    remedy: "Add the line '\(platform): sha256:pending' below image.platforms.")
            }
            edits.append(ScalarEdit(slot.span, text: image.description))
        }
        do throws(YAMLError) {
            return try document.replacing(edits)
        } catch {
            throw Failure(
                .spec, "\(file):\(error)", remedy: "Write the pin as a plain or quoted text on its key's line.")
        }
    }
}
