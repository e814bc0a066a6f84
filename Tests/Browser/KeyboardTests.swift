import Foundation
import TestSupport
import Testing

/// Everything that a reader does, with keys alone; wherever the focus stops it can be seen.
@Suite(.serialized) struct KeyboardTests {
  private static let mostStops = 120

  /// What is wrong with where the focus is now: nothing when it has an outline that is wide enough to see and stands out
  /// from what is behind it, lies within the page, and is not covered (WCAG 1.4.11, 2.4.7, 2.4.11). Hidden fields like the
  /// honeypot must not be reached at all.
  private static let unseen = """
    const e = document.activeElement, s = getComputedStyle(e), r = e.getBoundingClientRect();
    const name = e.tagName.toLowerCase() + (e.id ? "#" + e.id : "") + (e.name ? "[name=" + e.name + "]" : "");
    if (e === document.body) return "";
    if (s.outlineStyle === "none" || parseFloat(s.outlineWidth) < 2) return name + " has no outline";
    const light = (colour) => {
      const [red, green, blue] = colour.match(/[\\d.]+/g).map((part) => {
        const c = part / 255;
        return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05;
    };
    let behind = e.parentElement;
    while (getComputedStyle(behind).backgroundColor === "rgba(0, 0, 0, 0)") behind = behind.parentElement;
    const contrast = light(s.outlineColor) / light(getComputedStyle(behind).backgroundColor);
    if (Math.max(contrast, 1 / contrast) < 3) return name + " has an outline that can’t be told from what is behind it";
    if (r.width < 1 || r.height < 1 || r.right <= 0 || r.left >= innerWidth) return name + " is out of sight";
    if (r.bottom <= 0 || r.top >= innerHeight) return name + " is not scrolled to";
    const at = document.elementFromPoint(
      Math.min(Math.max((r.left + r.right) / 2, 0), innerWidth - 1),
      Math.min(Math.max((r.top + Math.min(r.bottom, innerHeight)) / 2, 0), innerHeight - 1));
    const label = e.labels && e.labels[0];
    if (at && at !== e && !e.contains(at) && !at.contains(e) && !(label && label.contains(at))) return name + " is covered";
    return "";
    """

  private let demo: Demo
  private let browser: WebDriver

  init() async throws {
    demo = try await Demo()
    browser = try await WebDriver()
    try await browser.resize(width: 1_280)
  }

  private func open(_ path: String) async throws {
    try await browser.open(demo.address + path)
  }

  /// Presses Tab until the focus is on `selector`.
  private func tab(to selector: String, back: Bool = false) async throws {
    for _ in 0..<Self.mostStops {
      try await browser.press(key: .tab, with: back ? .shift : nil)
      let unseen = try await browser.evaluate(Self.unseen) as? String
      let place = try await browser.address
      #expect(unseen == "", "on the way to \(selector) at \(place)")
      let isThere = "return document.activeElement.matches(\(Self.quoted(selector)))"
      if try await browser.evaluate(isThere) as? Bool == true { return }
    }
    throw TestFault("\(selector) can’t be reached by Tab")
  }

  private static func quoted(_ text: String) -> String { "\"\(text.replacing("\"", with: "\\\""))\"" }

  private func signUp(_ address: String) async throws {
    try await open("/councils/wychford")
    try await browser.press(key: .tab)
    #expect(try await browser.evaluate("return document.activeElement.className") as? String == "skip")
    try await browser.press(key: .enter)
    try await browser.wait(forAddress: "#main")
    try await tab(to: "#subscribe-email")
    try await browser.press(keys: address)
    try await tab(to: "form[action='/subscribe'] button")
    try await browser.press(key: .enter)
    try await browser.wait(for: "Check your email", in: "h1")
    try await open(demo.link("/confirm/", in: "Confirm your weekly summary"))
    try await tab(to: "main button")
    try await browser.press(key: .space)
    try await browser.wait(for: "You are subscribed", in: "h1")
  }

  @Test func `a reader signs up, confirms, chooses what they get and leaves`() async throws {
    try await signUp("keys@resident.example")

    try await open("/preferences")
    try await tab(to: "#email")
    try await browser.press(keys: "keys@resident.example")
    try await browser.press(key: .enter)
    try await browser.wait(for: "Check your email", in: "h1")
    try await open(demo.link("/preferences/", in: "The link to your preferences"))
    try await tab(to: "input[name=density]")
    try await browser.press(key: .down)
    try await tab(to: "form:first-of-type button")
    try await browser.press(key: .space)
    try await browser.wait(for: "saved", in: ".note")
    let items = try await demo.api("GET", "/subscribers?email=keys@resident.example").object()["items"]
    #expect((items as? [[String: Any]])?.first?["density"] as? String == "full")

    #expect(try await demo.api("POST", "/digest-runs").status == 201)
    try await open(demo.link("/unsubscribe/", in: "Wychford"))
    try await tab(to: "main form button")
    try await browser.press(key: .space)
    try await browser.wait(for: "unsubscribed", in: "main")
    let left = try await demo.api("GET", "/subscribers?email=keys@resident.example").object()["items"]
    #expect((left as? [[String: Any]])?.first?["state"] as? String == "unsubscribed")
    try await browser.quit()
  }

  @Test func `a reader searches, reads a meeting and comes back`() async throws {
    try await open("/")
    try await tab(to: "header a[href='/search']")
    try await browser.press(key: .enter)
    try await browser.wait(forAddress: "/search")
    try await tab(to: "main input[name=q]")
    try await browser.press(keys: "children")
    try await browser.press(key: .enter)
    try await browser.wait(for: "children", in: "mark")
    try await tab(to: "main a[href*='/meetings/']")
    try await browser.press(key: .enter)
    _ = try await eventually("a meeting is open") { try await browser.address.contains("/meetings/") ? true : nil }
    // All the way down and, in the other direction, up again.
    try await tab(to: "footer a:last-of-type")
    try await tab(to: "a.skip", back: true)
    try await browser.quit()
  }
}
