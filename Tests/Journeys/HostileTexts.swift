/// Texts made to break out of where they stand.
enum HostileTexts {
  /// Each may be stored as it is, and must be shown as what it is: text.
  static let kept: [String] = [
    "Xa <xss-a onxss=1><img src=x onerror=xss()><svg/onload=xss()>", "Xb </script><script>xss()</script><!--",
    "Xc \" onxss=\"1\" 'onmouseover='xss() `x` a=b", "Xd </title></textarea></style></select><xss-d>",
    "Xe &lt;xss-e&gt; &#60;xss-e&#62; &amp;amp; &quot;", "Xf zero\u{200B}width\u{200D}\u{FEFF} 👩‍👩‍👧‍👦 🏴󠁧󠁢󠁷󠁬󠁳󠁿 Ünï\u{0301}",
    "=HYPERLINK(\"https://evil.example/xss\",\"Xg\")", "+Xh@SUM(1+1)*cmd|' /C xss'!A0", "-Xi+1", "@Xj",
    "Xk'; DROP TABLE subscriber; -- \" OR 1=1 %' _ \\", "Xl {{xss}} {{{xss}}} {{#a}}xss{{/a}} {{>layout}} {{! }}",
    "Xm %00 %0d%0aX-Xss: 1 %3Cxss-m%3E %25 %u003c", "Xn \u{200E}marks\u{200F} \u{061C}of direction",
    "Xo ]]> <![CDATA[ <?xss ?> &xss;", "Xp [a](javascript:xss()) ![i](data:text/html,xss) <javascript:xss()>",
    "Xq BEGIN:VEVENT\\nX-XSS:1;LANGUAGE=x:,;\\,", "Xr $(xss) `xss` ${xss} #{xss} \\u003cxss-r\\u003e",
  ]

  /// Each must be refused by whatever takes one line, and the answer says which field it was.
  static let refused: [String] = [
    "Ya\r\nBcc: xss@evil.example\r\nX-Xss: 1", "Yb\nX-Xss: 1", "Yc\u{0}xss", "Yd \u{202E}ssx\u{202C} override",
    "Ye \u{2066}\u{2067}isolates\u{2069}", "Yf \u{1B}[31mxss\u{7}", "Yg \u{85}xss",
    String(repeating: "Yh xss ", count: 9_400),
  ]
}
