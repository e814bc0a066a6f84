import Foundation
import TestSupport
import Testing

/// What axe-core finds, on every page, in light and dark, on a narrow phone and a wide screen.
@Suite struct AccessibilityTests {
  @Test(arguments: ["light", "dark"])
  func `no page has anything that axe-core objects to`(scheme: String) async throws {
    let demo = try await Demo(["digest.approval": "required"])
    let browser = try await WebDriver()
    let axe = try String(contentsOf: Self.script, encoding: .utf8)
    try await browser.prefer(scheme: scheme)
    var objections: [String] = []
    for path in try await demo.pages() + demo.consolePages() {
      // Not before: who is signed in is led past the door.
      if path == "/operator" { try await demo.openConsole(in: browser) }
      try await browser.open(demo.address + path)
      _ = try await browser.evaluate(axe)
      for width in [320, 1_280] {
        try await browser.resize(width: width)
        let found = try await browser.evaluate(asynchronous: Self.run(scheme)) as? [String]
        objections += (found ?? ["axe-core gave no answer"]).map { "\(path) at \(width): \($0)" }
      }
    }
    #expect(objections == [])
    try await browser.quit()
  }

  private static var script: URL {
    get throws {
      let libraries = Machine.root.appending(path: ".build/python/lib")
      let versions = try FileManager.default.contentsOfDirectory(at: libraries, includingPropertiesForKeys: nil)
      guard let version = versions.first else { throw TestFault("scripts/test installs axe-core") }
      return version.appending(path: "site-packages/axe_playwright_python/axe.min.js")
    }
  }

  /// WCAG 2.2 AA, and what axe-core calls best practice; dark changes nothing but colours. A letter in the mailbox is a
  /// document of its own.
  private static func run(_ scheme: String) -> String {
    """
    const done = arguments[arguments.length - 1];
    const all = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
    const colours = {type: "rule", values: ["color-contrast", "link-in-text-block"]};
    const rules = "\(scheme)" === "dark" ? colours : all;
    axe.run(document, {runOnly: rules, iframes: false, resultTypes: ["violations"]}).then(
      found => done(found.violations.map(v => v.id + ": " + v.nodes.map(n => n.target + " " + n.failureSummary).join("; "))),
      problem => done([String(problem)]));
    """
  }
}
