"""Language tags and their English names, as data; `mmpt_sign.text.tags` is what asks."""

from __future__ import annotations

# ISO 639-3 code and name of sign languages; "=" gives the whole name where it is irregular.
SIGN_LANGUAGES = """
ads Adamorobe|aed Argentine|aen Armenian|afg Afghan|ajs Ghardaia|asf Auslan=Australian Sign Language|ase American
asp Algerian|asq Austrian|asw Australian Aborigines|bfi British|bfk Ban Khor|bog Bamako|bqn Bulgarian|bqy Kata Kolok
bvl Bolivian|bzs Brazilian|cds Chadian|csc Catalan|csd Chiangmai|cse Czech|csf Cuban|csg Chilean|csl Chinese
csn Colombian|csq Croatian|csr Costa Rican|csx Cambodian|doq Dominican|dsl Danish|dse Dutch
dsz Mardin|ecs Ecuadorian|ehs Miyakubo|esl Egyptian|esn Salvadoran|eso Estonian|eth Ethiopian|fcs Quebec|fse Finnish
fsl French|fss Finland-Swedish|gds Ghandruk|gse Ghanaian|gsg German|gsm Guatemalan|gss Greek|gus Guinean|hab Hanoi
haf Haiphong|hds Honduras|hks Hong Kong|hos Ho Chi Minh City|hps Hawai'i|hsh Hungarian|hsl Hausa|iks Inuit|icl Icelandic
ils =International Sign|inl Indonesian|ins Indian|ise Italian|isg Irish|isr Israeli|jcs Jamaican Country|jhs Jhankot
jls Jamaican
jos Jordanian|jsl Japanese|jus Jumla|kgi Selangor|kvk Korean|lbs Libyan|lgs Guinea-Bissau|lls Lithuanian
lsb Burundian|lsc Albarradas|lsg Lyons|lsl Latvian|lsn Tibetan|lso Laos|lsp Panamanian|lst Trinidad and Tobago
lsv Sivia|lsw Seychelles|lsy Mauritian|lws Malawian|mdl Maltese|mfs Mexican|mre Martha's Vineyard|msd Yucatec Maya
msr Mongolian|mzc Madagascar|mzg Monastic|mzy Mozambican|nbs Namibian|ncs Nicaraguan|nsi Nigerian|nsl Norwegian
nsp Nepalese|nsr Maritime|nzs New Zealand|okl Old Kentish|pgz Papua New Guinean|pks Pakistan
prl Peruvian|prz Providencia|psc Persian|psd Plains Indian|psg Penang|psl Puerto Rican|pso Polish|psp Philippine
psr Portuguese|pys Paraguayan|rib Bribri|rms Romanian|rnb Brunca|rsl Russian|rsm Miriwoong|sdl Saudi Arabian
sfb Langue des signes de Belgique Francophone=French Belgian Sign Language|sfs South African|sgg Swiss-German
sgx Sierra Leone|slf Swiss-Italian|sls Singapore|sqk Albanian|sqs Sri Lankan|sqx Kufr Qassem|ssp Spanish
ssr Swiss-French
svk Slovak|swl Swedish|syy Al-Sayyid Bedouin|szs Solomon Islands|tse Tunisian|tsm Turkish|tsq Thai|tss Taiwan|tsy Tebul
tza Tanzanian|tzs Tzotzil|ugn Ugandan|ugy Uruguayan|ukl Ukrainian|uks Kaapor|vgt Flemish|vsi Moldova|vsl Venezuelan
vsv Valencian|wbs West Bengal|xki Kenyan|xml Malaysian|xms Moroccan|yds Yiddish|yhs Yan-nhangu|ygs Yolngu
ysl Yugoslavian|zib Zimbabwe|zsl Zambian|ysm Myanmar
"""

# ISO 639-1 code, ISO 639-3 code and name of written languages.
WRITTEN_LANGUAGES = """
aa aar Afar|ab abk Abkhazian|ae ave Avestan|af afr Afrikaans|ak aka Akan|am amh Amharic|an arg Aragonese|ar ara Arabic
as asm Assamese|av ava Avaric|ay aym Aymara|az aze Azerbaijani|ba bak Bashkir|be bel Belarusian|bg bul Bulgarian
bi bis Bislama|bm bam Bambara|bn ben Bengali|bo bod Tibetan|br bre Breton|bs bos Bosnian|ca cat Catalan|ce che Chechen
ch cha Chamorro|co cos Corsican|cr cre Cree|cs ces Czech|cu chu Church Slavic|cv chv Chuvash|cy cym Welsh|da dan Danish
de deu German|dv div Divehi|dz dzo Dzongkha|ee ewe Ewe|el ell Greek|en eng English|eo epo Esperanto|es spa Spanish
et est Estonian|eu eus Basque|fa fas Persian|ff ful Fulah|fi fin Finnish|fj fij Fijian|fo fao Faroese|fr fra French
fy fry Western Frisian|ga gle Irish|gd gla Scottish Gaelic|gl glg Galician|gn grn Guarani|gu guj Gujarati|gv glv Manx
ha hau Hausa|he heb Hebrew|hi hin Hindi|ho hmo Hiri Motu|hr hrv Croatian|ht hat Haitian|hu hun Hungarian|hy hye Armenian
hz her Herero|ia ina Interlingua|id ind Indonesian|ie ile Interlingue|ig ibo Igbo|ii iii Sichuan Yi|ik ipk Inupiaq
io ido Ido|is isl Icelandic|it ita Italian|iu iku Inuktitut|ja jpn Japanese|jv jav Javanese|ka kat Georgian|kg kon Kongo
ki kik Kikuyu|kj kua Kuanyama|kk kaz Kazakh|kl kal Kalaallisut|km khm Khmer|kn kan Kannada|ko kor Korean|kr kau Kanuri
ks kas Kashmiri|ku kur Kurdish|kv kom Komi|kw cor Cornish|ky kir Kirghiz|la lat Latin|lb ltz Luxembourgish|lg lug Ganda
li lim Limburgan|ln lin Lingala|lo lao Lao|lt lit Lithuanian|lu lub Luba-Katanga|lv lav Latvian|mg mlg Malagasy
mh mah Marshallese|mi mri Maori|mk mkd Macedonian|ml mal Malayalam|mn mon Mongolian|mr mar Marathi|ms msa Malay
mt mlt Maltese|my mya Burmese|na nau Nauru|nb nob Norwegian Bokmal|nd nde North Ndebele|ne nep Nepali|ng ndo Ndonga
nl nld Dutch|nn nno Norwegian Nynorsk|no nor Norwegian|nr nbl South Ndebele|nv nav Navajo|ny nya Chichewa|oc oci Occitan
oj oji Ojibwa|om orm Oromo|or ori Oriya|os oss Ossetian|pa pan Punjabi|pi pli Pali|pl pol Polish|ps pus Pashto
pt por Portuguese|qu que Quechua|rm roh Romansh|rn run Rundi|ro ron Romanian|ru rus Russian|rw kin Kinyarwanda
sa san Sanskrit|sc srd Sardinian|sd snd Sindhi|se sme Northern Sami|sg sag Sango|sh hbs Serbo-Croatian|si sin Sinhala
sk slk Slovak|sl slv Slovenian|sm smo Samoan|sn sna Shona|so som Somali|sq sqi Albanian|sr srp Serbian|ss ssw Swati
st sot Southern Sotho|su sun Sundanese|sv swe Swedish|sw swa Swahili|ta tam Tamil|te tel Telugu|tg tgk Tajik|th tha Thai
ti tir Tigrinya|tk tuk Turkmen|tl tgl Tagalog|tn tsn Tswana|to ton Tonga|tr tur Turkish|ts tso Tsonga|tt tat Tatar
tw twi Twi|ty tah Tahitian|ug uig Uighur|uk ukr Ukrainian|ur urd Urdu|uz uzb Uzbek|ve ven Venda|vi vie Vietnamese
vo vol Volapuk|wa wln Walloon|wo wol Wolof|xh xho Xhosa|yi yid Yiddish|yo yor Yoruba|za zha Zhuang|zh zho Chinese
zu zul Zulu
"""

# Written languages without a two-letter code that corpora use, and zxx = no language.
MORE_WRITTEN_LANGUAGES = """
arz Egyptian Arabic|apc Levantine Arabic|ast Asturian|ceb Cebuano|cmn Mandarin Chinese|fil Filipino|fsv Swiss French
gsw Swiss German|haw Hawaiian|hsb Upper Sorbian|lld Ladin|mfe Morisyen|nds Low German|nso Northern Sotho
pcm Nigerian Pidgin
prs Dari|scn Sicilian|sco Scots|tpi Tok Pisin|yue Yue Chinese|zlm Malay|zxx no language|mul several languages
"""

# What communities and corpora call their languages: abbreviation and tag.
ABBREVIATIONS = """
ASL ase|Auslan asf|BSL bfi|CSL csl|DGS gsg|DSGS sgg|FSL fsl|ISL ins|GSL gss|JSL jsl|KSL kvk|LGP psr|Libras bzs
LIS ise|LIS-CH slf
LSE ssp|LSF fsl|LSF-CH ssr|LSM mfs|NGT dse|NZSL nzs|OGS asq|PJM pso|RSL rsl|STS swl|TID tsm|VGT vgt
ÖGS asq|DTS dsl|FinSL fse|HKSL hks|InSL ins|IrSL isg|IsSL isr|LSA aed|LSFB sfb|LSQ fcs|SASL sfs
ch-de sgg|ch-fr ssr|ch-it slf|be-nl vgt|be-fr sfb|ca-fr fcs|ca-en ase|es-ca csc
"""

# Abbreviations in use for languages of several countries; they are hints above, and never mapped.
AMBIGUOUS = "isl lsc nsl psl ssl tsl"

# ISO 3166 code of a country and its main sign language; countries with several are only known by region (ch-de).
COUNTRIES = """
ar aed|au asf|at asq|by rsl-by|bg bqn|br bzs|cl csg|cn csl|co csn|cr csr|hr csq|cu csf|cy gss-cy|cz cse|de gsg|dk dsl
dz asp|ee eso|eg esl|es ssp|et eth|fi fse|fr fsl|gb bfi|uk bfi|gh gse|gr gss|hk hks|hu hsh|ie isg|il isr|in ins|is icl
it ise|jm jls|jo jos|jp jsl|ke xki|kr kvk|lt lls|lv lsl|mt mdl|mx mfs|my xml|ng nsi|ni ncs|nl dse|no nsl|np nsp|nz nzs
pe prl|ph psp|pk pks|pl pso|pr psl|pt psr|ro rms|ru rsl|sa sdl|se swl|sg sls|sk svk|th tsq|tn tse|tr tsm|tw tss|ua ukl
us ase|uy ugy|ve vsl|za sfs|zm zsl|zw zib
"""
