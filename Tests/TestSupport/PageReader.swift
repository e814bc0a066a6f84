import Foundation

/// Has pages read by libraries that nobody here wrote, from `scripts/test-requirements.txt`.
public enum PageReader {
  /// What html5lib objects to, by the page's path.
  public static func problems(in pages: [String: String]) async throws -> [String: [String]] {
    let found = try await read(
      pages,
      """
      import sys, json, html5lib
      from html5lib.constants import E
      def problems(page):
        parser = html5lib.HTMLParser()
        parser.parse(page)
        return ["line %d: %s" % (place[0], E[code] % data) for place, code, data in parser.errors]
      print(json.dumps({path: problems(page) for path, page in json.load(sys.stdin).items()}))
      """
    )
    return (found as? [String: [String]] ?? [:]).filter { !$0.value.isEmpty }
  }

  /// What extruct finds for search engines: `json-ld` and `opengraph`.
  public static func metadata(of page: String) async throws -> [String: [[String: Any]]] {
    let found = try await read(
      ["page": page],
      """
      import sys, json, extruct
      page = json.load(sys.stdin)["page"]
      print(json.dumps(extruct.extract(page, syntaxes=["json-ld", "opengraph"], uniform=True, errors="strict")))
      """
    )
    return found as? [String: [[String: Any]]] ?? [:]
  }

  /// What sectxt objects to in a security.txt.
  public static func problems(inSecurityText text: String) async throws -> [String] {
    let found = try await read(
      ["text": text],
      """
      import sys, json, sectxt
      read = sectxt.Parser(json.load(sys.stdin)["text"].encode())
      print(json.dumps({"problems": [e["message"] for e in read.errors]}))
      """
    )
    return (found as? [String: [String]])?["problems"] ?? ["not read"]
  }

  /// The addresses in a site map, once each.
  public static func siteMap(_ text: String) async throws -> [String] {
    let found = try await read(
      ["text": text],
      """
      import sys, json
      from lxml import etree
      root = etree.fromstring(json.load(sys.stdin)["text"].encode())
      space = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
      assert root.tag in (space + "urlset", space + "sitemapindex"), root.tag
      addresses = [place.text for place in root.iter(space + "loc")]
      assert len(addresses) == len(set(addresses)) == len(root)
      print(json.dumps({"addresses": addresses}))
      """
    )
    return (found as? [String: [String]])?["addresses"] ?? []
  }

  /// Python with the libraries.
  public static var python: String { Machine.root.appending(path: ".build/python/bin/python").path }

  private static func read(_ input: [String: String], _ script: String) async throws -> Any {
    let data = try JSONSerialization.data(withJSONObject: input)
    let answer = try await Machine.run(python, ["-c", script], input: [UInt8](data))
    guard answer.status == 0 else { throw TestFault("a reader objects: \(answer.errors)") }
    return try JSONSerialization.jsonObject(with: Data(answer.output.utf8))
  }
}
