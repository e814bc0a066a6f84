import Foundation
import HTTPServer
import HTTPTypes

/// `POST /api/v1/backups`: makes one now, and answers when it is there and was read back. `GET` lists those of the folder.
struct BackupAPI: Sendable {
  let store: Store
  let backUp: BackUpStore
  let folder: BackupFolder

  private struct Item: Encodable {
    var path: String
    /// In bytes.
    var size: Int
    var takenAt: Date?
    var verified: Bool?
    var councils: Int?
    var meetings: Int?
    var subscribers: Int?

    init(_ backup: BackUpStore.Backup) {
      path = backup.path
      size = backup.bytes
      takenAt = backup.contents.takenAt
      verified = true
      councils = backup.contents.councils
      meetings = backup.contents.meetings
      subscribers = backup.contents.subscribers
    }

    init(file: String, takenAt: Date) throws {
      path = file
      size = try FileManager.default.attributesOfItem(atPath: file)[.size] as? Int ?? 0
      self.takenAt = takenAt
    }
  }

  func list(_ request: Request) async throws -> Response {
    let items = try folder.backups().reversed().map { try Item(file: $0.file, takenAt: $0.takenAt) }
    return try JSONOutput.response(.ok, ListPage(items: Array(items.prefix(Paging.maximum)), next: nil))
  }

  /// Only a command names the file: a key must not be a way to write anywhere.
  func create(_ request: Request, _ change: AuditedChange) async throws -> Response {
    let file = try Self.file(request, storePath: store.path)
    let backup = try await make(file)
    let item = Item(backup)
    try await store.write { database in
      try change.record("create", of: "backups", after: ["path": backup.path], database)
    }
    return try JSONOutput.response(.created, item)
  }

  private func make(_ file: String?) async throws -> BackUpStore.Backup {
    do {
      let backup = try await backUp(to: file ?? folder.file(at: store.now()))
      if file == nil { try folder.prune() }
      return backup
    } catch let problem as StoreProblem {
      throw Refusal.interrupted("There is no backup: \(problem)")
    }
  }

  private static func file(_ request: Request, storePath: String) throws -> String? {
    guard !request.body.isEmpty else { return nil }
    var input = try JSONInput(request)
    let file = input.string("file", maximum: 4_000)
    let replaces = input.bool("replace") ?? false
    if let file {
      if request.peer != .unixSocket {
        input.refuse("file", "Only the command line names the file: council-digest backup FILE")
      } else if !file.hasPrefix("/") {
        input.refuse("file", "Expected a whole path")
      } else if isStore(file, storePath) {
        input.refuse("file", "This is the store itself")
      } else if !replaces, FileManager.default.fileExists(atPath: file) {
        input.refuse("file", "\(file) exists; --replace writes over it")
      } else if let problem = try placeProblem(file) {
        input.refuse("file", problem)
      }
    }
    try input.finish()
    return file
  }

  /// A folder that is not there may be a disk that is not plugged in; a file that is no backup is somebody else's.
  private static func placeProblem(_ file: String) throws -> String? {
    let folder = URL(filePath: file).deletingLastPathComponent().path
    guard FileManager.default.fileExists(atPath: folder) else { return "There is no folder \(folder)" }
    guard FileManager.default.fileExists(atPath: file) else { return nil }
    do {
      return try StoreFile.isDatabase(file) ? nil : "\(file) is not a backup, and is not written over"
    } catch let problem as StoreProblem {
      return "\(problem)"
    }
  }

  private static func isStore(_ file: String, _ storePath: String) -> Bool {
    let (file, store) = (
      URL(filePath: file).resolvingSymlinksInPath(), URL(filePath: storePath).resolvingSymlinksInPath()
    )
    return file.path.hasPrefix(store.path)
  }
}
