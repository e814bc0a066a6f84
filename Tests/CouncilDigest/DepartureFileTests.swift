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

  @Test(
    arguments: [
      "email,council\nann@example.org,wyre\n", "{\"council\": {}}\n", "left 17 AAAA\n# a note\n", "\u{FFFD}\n",
    ]
  )
  func `a file of another kind is not taken for one that remembers who left`(_ text: String) throws {
    let folder = try TemporaryFolder()
    try text.write(toFile: folder.file("x"), atomically: true, encoding: .utf8)
    #expect(throws: StoreProblem.self) { try DepartureFile.readNamed(folder.file("x")) }
    try "\n\0\0\nleft 17\nleft\n".write(toFile: folder.file("cut"), atomically: true, encoding: .utf8)
    #expect(try DepartureFile.readNamed(folder.file("cut")).isEmpty)
  }
}
