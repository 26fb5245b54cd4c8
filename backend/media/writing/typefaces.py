"""Which typefaces a Word file asks for, and what stands in where they are not installed."""

from docx.document import Document
from docx.opc.oxml import serialize_part_xml
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import qn
from docx.oxml.xmlchemy import BaseOxmlElement

TITLE, FANGSONG, HEITI, KAITI, SONGTI = "方正小标宋简体", "仿宋", "黑体", "楷体", "宋体"
_LATIN = "Times New Roman"
_ALTERNATIVES = {
    TITLE: "方正小标宋_GBK,华文中宋,STZhongsong,宋体,SimSun,Noto Serif CJK SC",
    FANGSONG: "仿宋_GB2312,FangSong,华文仿宋,STFangsong,Noto Serif CJK SC",
    HEITI: "SimHei,华文黑体,STHeiti,Noto Sans CJK SC",
    KAITI: "楷体_GB2312,KaiTi,华文楷体,STKaiti,Noto Serif CJK SC",
    SONGTI: "SimSun,华文宋体,STSong,Noto Serif CJK SC",
}
_FONT_TABLE = "/word/fontTable.xml"


def give(properties: BaseOxmlElement, face: str) -> None:
    """Give a run or a style the typeface: Chinese in ``face``, letters and digits in Times."""
    fonts = properties.find(qn("w:rFonts"))
    if fonts is None:
        fonts = OxmlElement("w:rFonts")
        properties.insert(0, fonts)
    for theme in ("w:asciiTheme", "w:hAnsiTheme", "w:eastAsiaTheme", "w:cstheme"):
        fonts.attrib.pop(qn(theme), None)
    latin = face if face == HEITI else _LATIN
    for script, name in (("ascii", latin), ("hAnsi", latin), ("eastAsia", face)):
        fonts.set(qn(f"w:{script}"), name)
    fonts.set(qn("w:hint"), "eastAsia")


def name_alternatives(document: Document) -> None:
    """Write into the file's font table what may stand in for each typeface."""
    for part in document.part.package.iter_parts():
        if str(part.partname) != _FONT_TABLE:
            continue
        table = parse_xml(part.blob)
        for name, others in _ALTERNATIVES.items():
            font, alternative = OxmlElement("w:font"), OxmlElement("w:altName")
            charset = OxmlElement("w:charset")
            font.set(qn("w:name"), name)
            alternative.set(qn("w:val"), others)
            charset.set(qn("w:val"), "86")
            font.extend((alternative, charset))
            table.append(font)
        part._blob = serialize_part_xml(table)
