import DeploymentModel
import FoundationEssentials
import TestSupport
import Testing

@testable import Modal

@Suite("The driver's files", .tags(.medium))
struct DriverFilesTests {
    private let folder: TemporaryFolder
    private let files = DriverFiles.embedded

    init() throws { folder = try TemporaryFolder() }

    @Test("are all that the folder of resources has")
    func complete() throws {
        let root = #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined()
        let sources = root + "/Sources/Modal/Resources/pinion_modal"
        let names = try FileManager.default.contentsOfDirectory(atPath: sources).filter { $0.hasSuffix(".py") }
        #expect(Set(names) == Set(files.contents.keys))
        for (name, content) in files.contents {
            #expect(try Data(contentsOf: URL(filePath: "\(sources)/\(name)")).elementsEqual(content))
        }
    }

    @Test("are laid out once, readable by their user alone")
    func once() throws {
        let place = try files.laidOut(below: folder.path)
        let first = try FileManager.default.attributesOfItem(atPath: place)
        #expect(try files.laidOut(below: folder.path) == place)
        let again = try FileManager.default.attributesOfItem(atPath: place)
        #expect(first[.modificationDate] as? Date == again[.modificationDate] as? Date)
        #expect(first[.posixPermissions] as? Int == 0o700)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).count == 1)
    }

    @Test("are made anew when one was changed, is gone or was added")
    func mended() throws {
        let place = try files.laidOut(below: folder.path)
        let changed = place + "/driver.py"
        try Data("print('other')".utf8).write(to: URL(filePath: changed))
        #expect(try files.laidOut(below: folder.path) == place)
        #expect(try Data(contentsOf: URL(filePath: changed)).elementsEqual(files.contents["driver.py"] ?? []))
        try FileManager.default.removeItem(atPath: changed)
        _ = try files.laidOut(below: folder.path)
        #expect(FileManager.default.fileExists(atPath: changed))
        let added = place + "/modal.py"
        try Data("print('other')".utf8).write(to: URL(filePath: added))
        _ = try files.laidOut(below: folder.path)
        #expect(!FileManager.default.fileExists(atPath: added))
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).count == 1)
    }

    @Test("are there for others at every moment while they are mended")
    func neverMissing() async throws {
        let files = files
        let root = folder.path
        let place = try files.laidOut(below: root)
        await withTaskGroup(of: Int.self) { group in
            group.addTask {
                for _ in 1...200 {
                    _ = FileManager.default.createFile(atPath: place + "/modal.py", contents: nil)
                    _ = try? files.laidOut(below: root)
                }
                return 0
            }
            group.addTask {
                (1...20_000).count { _ in !FileManager.default.fileExists(atPath: place + "/driver.py") }
            }
            for await missing in group { #expect(missing == 0) }
        }
    }

    @Test("that differ have another folder")
    func content() throws {
        var other = files.contents
        other["driver.py"] = [1]
        #expect(DriverFiles(contents: other).id != files.id)
    }

    @Test("a place where nothing can be written is told")
    func unwritable() throws {
        let file = folder.path + "/file"
        try Data().write(to: URL(filePath: file))
        let failure = #expect(throws: Failure.self) { try files.laidOut(below: file) }
        #expect(failure?.remedy?.contains("XDG_CACHE_HOME") == true)
    }
}
