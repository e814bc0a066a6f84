/// Forms of English words that a stemmer takes for different words, as councils use them: who looks for a bus wants the
/// buses too, and the licence and the license are one.
enum IrregularForms {
  /// The form that stands for a folded word; nil for nearly all.
  static func regular(_ word: String) -> String? { forms[word] }

  private static let forms: [String: String] = [
    "buses": "bus", "busses": "bus", "minibuses": "minibus", "bonuses": "bonus", "campuses": "campus",
    "censuses": "census", "gases": "gas", "surpluses": "surplus", "viruses": "virus",
    "analyses": "analysis", "bases": "base", "crises": "crisis", "diagnoses": "diagnosis", "emphases": "emphasis",
    "appendices": "appendix", "indices": "index", "criteria": "criterion", "phenomena": "phenomenon",
    "bureaux": "bureau", "plateaux": "plateau",
    "children": "child", "grandchildren": "grandchild", "men": "man", "women": "woman", "feet": "foot",
    "teeth": "tooth",
    "mice": "mouse", "geese": "goose", "oxen": "ox",
    "halves": "half", "knives": "knife", "lives": "life", "loaves": "loaf", "shelves": "shelf", "thieves": "thief",
    "wharves": "wharf", "wives": "wife", "wolves": "wolf",
    "licence": "license", "licences": "licenses", "licenced": "licensed", "licencing": "licensing",
    "practise": "practice", "practised": "practiced", "practises": "practices", "practising": "practicing",
    "defence": "defense", "defences": "defenses", "offence": "offense", "offences": "offenses",
    "built": "build", "rebuilt": "rebuild", "bought": "buy", "fell": "fall", "fallen": "fall", "grew": "grow",
    "grown": "grow", "held": "hold", "paid": "pay", "sold": "sell", "spent": "spend", "overspent": "overspend",
    "underspent": "underspend", "taught": "teach", "withdrawn": "withdraw", "withdrew": "withdraw",
  ]
}
