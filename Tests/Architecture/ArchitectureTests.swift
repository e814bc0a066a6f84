import Foundation
import Testing

/// The arrows of the house: infrastructure modules stand alone, and inside CouncilDigest a folder uses only those
/// before it.
@Suite struct ArchitectureTests {
  private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  /// In the order in which they may use each other.
  private static let folders = [
    "Store", "Access", "Outbox", "Site", "Councils", "Meetings", "Queries", "Search", "Topics", "Subscriptions",
    "Readers", "SubscriberImport", "Professionals", "Matching", "Feedback", "Digests",
    "Bounces", "Deliveries", "Retention", "Operations", "Pages", "Console", "Setup",
  ]

  private func files(_ path: String) throws -> [(name: String, text: String)] {
    let folder = Self.root.appending(path: "Sources/\(path)")
    return try FileManager.default.subpathsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".swift") }.sorted()
      .map { ($0, try String(contentsOf: folder.appending(path: $0), encoding: .utf8)) }
  }

  @Test func `every folder has its place in the order`() throws {
    let folder = Self.root.appending(path: "Sources/CouncilDigest")
    let found = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0 != "Resources" }
    #expect(Set(found) == Set(Self.folders))
  }

  @Test func `no folder names a type declared in a later one`() throws {
    var owner: [String: Int] = [:]
    for (index, folder) in Self.folders.enumerated() {
      for file in try files("CouncilDigest/\(folder)") {
        for match in file.text.matches(
          of: /(?m)^(?:public |package )?(?:final )?(?:struct|class|enum|actor|protocol) (\w+)/
        ) {
          owner[String(match.1)] = index
        }
      }
    }
    for (index, folder) in Self.folders.enumerated() {
      for file in try files("CouncilDigest/\(folder)") {
        let code = Self.withoutTexts(file.text).split(separator: "\n")
          .filter { !$0.trimmingCharacters(in: .whitespaces).hasPrefix("//") }.joined(separator: "\n")
        // By default "Type.member" is one word.
        for match in code.matches(of: /\b[A-Z]\w+\b/.wordBoundaryKind(.simple)) {
          guard let home = owner[String(match.0)], home > index else { continue }
          // A type of another module may have the same name.
          guard !Self.namesOfOtherModules.contains(String(match.0)) else { continue }
          Issue.record("\(folder)/\(file.name) names \(match.0), which is declared in \(Self.folders[home])")
        }
      }
    }
  }

  /// What stands in string literals is words, not types.
  private static func withoutTexts(_ code: String) -> String {
    code.replacing(/"""[\s\S]*?"""/, with: "").replacing(/"(?:[^"\\\n]|\\.)*"/, with: "")
  }

  /// GRDB.Configuration.
  private static let namesOfOtherModules: Set<String> = ["Configuration"]

  @Test func `infrastructure modules import no other module of ours`() throws {
    let allowed = ["HTTPServer": ["CEpoll"], "Mail": ["CCurl"], "Markdown": ["CCmarkGFM"]]
    let ours = ["CCurl", "CCmarkGFM", "CEpoll", "CZlib", "HTTPServer", "Mail", "Markdown", "CouncilDigest"]
    for (module, imports) in allowed {
      for file in try files(module) {
        for match in file.text.matches(of: /(?m)^(?:@\w+ )?import (\w+)/) where ours.contains(String(match.1)) {
          #expect(imports.contains(String(match.1)), "\(module)/\(file.name) imports \(match.1)")
        }
      }
    }
  }

  @Test func `no server framework and no shortcut comes in`() throws {
    let package = try String(contentsOf: Self.root.appending(path: "Package.swift"), encoding: .utf8)
    for name in ["swift-nio", "vapor", "hummingbird.git", "/hummingbird\""] { #expect(!package.contains(name)) }
    for module in ["HTTPServer", "Mail", "Markdown", "CouncilDigest", "council-digest"] {
      for file in try files(module) {
        for shortcut in ["try!", "as!", "fatalError(", "TODO", "FIXME"] {
          #expect(!file.text.contains(shortcut), "\(module)/\(file.name) has \(shortcut)")
        }
        let lines = file.text.components(separatedBy: "\n").count
        #expect(lines <= 300, "\(module)/\(file.name) has \(lines) lines and may tell two stories")
      }
    }
  }
}
