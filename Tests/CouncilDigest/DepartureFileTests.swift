import Foundation
import TestSupport
import Testing

@testable import CouncilDigest

/// The file that remembers who left.
@Suite struct DepartureFileTests {
  @Test func `what several files remember is remembered in one, the last word last`() throws {
    let folder = try TemporaryFolder()
    let (ann, bob) = (String(repeating: "A", count: 22), String(repeating: "Q", count: 21) + "A")
    let (old, new) = ("\nerased 1000 \(ann)\n", "\nleft 500 \(bob)\n\nreturned 2000 \(ann)\n")
    try DepartureFile.write([new, old], to: folder.file("left"))
    let lines = try String(contentsOfFile: folder.file("left"), encoding: .utf8).split(separator: "\n")
    #expect(lines == ["left 500 \(bob)", "erased 1000 \(ann)", "returned 2000 \(ann)"])
    #expect(try DepartureFile.read(folder.file("left"))[ann]?.kind == .returned)
  }
}
