import Foundation

/// Looks in what others made of a text for anything that the text brought to life. A hostile text carries the letters `xss` in
/// every element, attribute, header field and scheme that it tries to add.
public enum InertReader {
  /// What is alive in pages or the HTML of letters, as html5lib builds their trees.
  /// - Parameter pages: by a name that the findings begin with.
  public static func findings(inPages pages: [String: String]) async throws -> [String] {
    try await read(
      pages,
      """
      import json, sys, html5lib
      found = []
      hidden = set(map(chr, [0, *range(0x202A, 0x202F), *range(0x2066, 0x206A)]))
      for name, page in json.load(sys.stdin).items():
        say = lambda what: found.append("%s: %s" % (name, what[:200]))
        for element in html5lib.parse(page, namespaceHTMLElements=False).iter():
          if not isinstance(element.tag, str): continue
          if "xss" in element.tag.lower() or element.tag in ("iframe", "object", "embed", "base"): say("<%s>" % element.tag)
          for attribute, value in element.attrib.items():
            attribute = attribute.lower()
            if "xss" in attribute or attribute.startswith("on") or attribute == "srcdoc": say("attribute " + attribute)
            if attribute in ("href", "src", "action", "formaction", "poster", "data"):
              scheme = "".join(value.split()).lower().partition(":")[0]
              if scheme in ("javascript", "data", "vbscript") or scheme.startswith("xss"): say(attribute + "=" + value)
            if attribute in ("style", "http-equiv") and "xss" in value.lower(): say(attribute + "=" + value)
          if element.tag == "script":
            if element.get("type") == "application/ld+json": json.loads(element.text)
            elif not (element.get("src") or "").startswith("/assets/"): say("<script>")
          for text in (element.text or "", element.tail or ""):
            if hidden & set(text): say("a hidden character: %r" % text)
      print(json.dumps(found))
      """
    )
  }

  /// What texts added to the head of letters, as Python's email parser reads them.
  /// - Parameter letters: whole, by a name that the findings begin with.
  public static func findings(inLetters letters: [String: String]) async throws -> [String] {
    try await read(
      letters,
      """
      import email, email.policy, json, sys
      known = set('''from to subject date message-id mime-version content-type content-transfer-encoding auto-submitted
        reply-to list-id list-unsubscribe list-unsubscribe-post list-help precedence feedback-id dkim-signature
        x-auto-response-suppress delivered-to return-path'''.split())
      found = []
      for name, text in json.load(sys.stdin).items():
        letter = email.message_from_bytes(text.encode("latin-1"), policy=email.policy.default)
        for part in letter.walk():
          names = [field.lower() for field in part.keys()]
          found += ["%s: the field %s" % (name, field) for field in set(names) - known]
          found += ["%s: %s twice" % (name, field) for field in set(names) if names.count(field) > 1]
          found += ["%s: %s" % (name, defect) for defect in part.defects]
          for field, value in part.items():
            if any(ord(c) < 32 for c in str(value)): found.append("%s: a control character in %s" % (name, field))
        kinds = [part.get_content_type() for part in letter.walk()]
        if kinds != ["multipart/alternative", "text/plain", "text/html"]: found.append("%s: %s" % (name, kinds))
      print(json.dumps(found))
      """
    )
  }

  /// What a spreadsheet would take for a formula, in files of comma-separated values.
  public static func findings(inTables tables: [String: String]) async throws -> [String] {
    try await read(
      tables,
      """
      import csv, io, json, sys
      found = []
      for name, text in json.load(sys.stdin).items():
        rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
        if len({len(row) for row in rows}) != 1: found.append(name + ": rows of different lengths")
        found += ["%s: %s" % (name, cell) for row in rows for cell in row if cell[:1] in tuple("=+-@\\t\\r")]
      print(json.dumps(found))
      """
    )
  }

  private static func read(_ input: [String: String], _ script: String) async throws -> [String] {
    let data = try JSONSerialization.data(withJSONObject: input)
    let answer = try await Machine.run(PageReader.python, ["-c", script], input: [UInt8](data))
    guard answer.status == 0 else { throw TestFault("a reader objects: \(answer.errors)") }
    return try JSONDecoder().decode([String].self, from: Data(answer.output.utf8))
  }
}
