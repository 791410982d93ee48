"""Holds XML files against a Schematron rule set of XSLT 2, and prints each failed assertion.

Usage: schematron.py RULES FILE... prints a line `FILE<tab>FLAG<tab>ID<tab>LOCATION` for each failure, and `checked N` at the end.
A rule set is made one stylesheet, with a mode for each pattern, in which the first rule that matches a node holds.
"""
import sys
import xml.etree.ElementTree as tree
from xml.sax.saxutils import quoteattr

from saxonche import PySaxonProcessor

SCH = "{http://purl.oclc.org/dsdl/schematron}"


def stylesheet(rules):
    root = tree.parse(rules).getroot()
    spaces = " ".join(f"xmlns:{ns.get('prefix')}={quoteattr(ns.get('uri'))}" for ns in root.iter(SCH + "ns"))
    out = [
        f"<xsl:stylesheet version='2.0' xmlns:xsl='http://www.w3.org/1999/XSL/Transform' {spaces}>",
        "<xsl:output method='text'/>",
        "<xsl:template match='/'>",
    ]
    patterns = root.findall(SCH + "pattern")
    out += [f"<xsl:apply-templates select='.' mode='p{at}'/>" for at in range(len(patterns))]
    out.append("</xsl:template>")
    for at, pattern in enumerate(patterns):
        rest = f"<xsl:apply-templates select='@*|node()' mode='p{at}'/>"
        found = pattern.findall(SCH + "rule")
        for number, rule in enumerate(found):
            unknown = {child.tag for child in rule} - {SCH + "assert"}
            if unknown:
                sys.exit(f"schematron: a rule with {unknown} is not understood")
            out.append(
                f"<xsl:template match={quoteattr(rule.get('context'))} mode='p{at}' priority='{len(found) - number}'>"
            )
            for check in rule.findall(SCH + "assert"):
                said = f"{check.get('flag', 'fatal')}&#9;{check.get('id')}&#9;"
                out.append(
                    f"<xsl:if test={quoteattr('not(' + check.get('test') + ')')}><xsl:text>{said}</xsl:text>"
                    "<xsl:value-of select=\"string-join(ancestor-or-self::*/name(), '/')\"/>"
                    "<xsl:text>&#10;</xsl:text></xsl:if>"
                )
            out.append(rest + "</xsl:template>")
        out.append(f"<xsl:template match='/|*' mode='p{at}' priority='-1'>{rest}</xsl:template>")
        out.append(f"<xsl:template match='text()|@*|comment()|processing-instruction()' mode='p{at}' priority='-1'/>")
    out.append("</xsl:stylesheet>")
    return "".join(out)


def main(rules, files):
    with PySaxonProcessor(license=False) as saxon:
        compiled = saxon.new_xslt30_processor().compile_stylesheet(stylesheet_text=stylesheet(rules))
        for file in files:
            found = compiled.transform_to_string(source_file=file) or ""
            for line in found.splitlines():
                if line.count("\t") == 2:
                    print(f"{file}\t{line}")
    print(f"checked {len(files)}")


main(sys.argv[1], sys.argv[2:])
