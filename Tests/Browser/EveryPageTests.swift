import Foundation
import TestSupport
import Testing

/// What is true of every page, whoever looks at it with whatever screen. Each is opened once.
@Suite struct EveryPageTests {
  /// The console's pages beside those of everybody, in a browser of their own.
  @Test(arguments: [false, true])
  func `every page fits every screen, and axe-core objects to nothing, in light and dark`(isConsole: Bool) async throws
  {
    let demo = try await Demo(["digest.approval": "required"])
    let browser = try await WebDriver()
    let axe = try String(contentsOf: Self.axe, encoding: .utf8)
    var objections: [String] = []
    if isConsole { try await demo.openConsole(in: browser) }
    for path in isConsole ? try await demo.consolePages() : try await demo.pages() {
      try await browser.prefer(scheme: "light")
      try await browser.open(demo.address + path)
      try await expectFit(path, browser)
      _ = try await browser.evaluate(axe)
      for (scheme, width) in [("light", 1_280), ("light", 320), ("dark", 320), ("dark", 1_280)] {
        try await browser.prefer(scheme: scheme)
        try await browser.resize(width: width)
        let found = try await browser.evaluate(asynchronous: Self.audit(scheme)) as? [String]
        objections += (found ?? ["axe-core gave no answer"]).map { "\(path) in \(scheme) at \(width): \($0)" }
      }
    }
    #expect(objections == [])
    try await browser.quit()
  }

  private func expectFit(_ path: String, _ browser: WebDriver) async throws {
    // The third is a screen of 1,280 by 1,024 at 200 % (WCAG 1.4.4), where little stands beside what is sticky.
    for (width, height, zoom) in [(320, 800, 1), (375, 800, 1), (640, 512, 2), (1_280, 800, 1)] {
      try await browser.resize(width: width, height: height, zoom: zoom)
      let wide = try await browser.evaluate("return document.documentElement.scrollWidth") as? Int ?? .max
      #expect(wide <= width, "\(path) at \(width)")
    }
    let headings = try await browser.evaluate("return document.querySelectorAll('h1').length") as? Int
    #expect(headings == 1, "\(path) has one h1")
    let unnamed = try await browser.evaluate(
      "return [...document.querySelectorAll('input:not([type=hidden]),textarea,select')].filter(e => !e.labels.length).length"
    )
    #expect(unnamed as? Int == 0, "\(path) has a field without a label")
  }

  private static var axe: URL {
    get throws {
      let libraries = Machine.root.appending(path: ".build/python/lib")
      let versions = try FileManager.default.contentsOfDirectory(at: libraries, includingPropertiesForKeys: nil)
      guard let version = versions.first else { throw TestFault("scripts/test installs axe-core") }
      return version.appending(path: "site-packages/axe_playwright_python/axe.min.js")
    }
  }

  /// WCAG 2.2 AA, and what axe-core calls best practice; dark changes nothing but colours. A letter in the mailbox is a
  /// document of its own.
  private static func audit(_ scheme: String) -> String {
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
