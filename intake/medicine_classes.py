"""Which medicines touch a ketamine session, and finding them in what people write. Sources: clinical.md §1.

Never a reason to stop a medicine: each class says what to record or to ask the prescriber.
"""

import re
import unicodedata
from dataclasses import dataclass
from difflib import get_close_matches

from kap.core.levels import Level

ANDRADE = "Andrade, and Veraart 2021: reviews of interactions"
LABEL = "FDA label of ketamine"


@dataclass(frozen=True)
class MedicineClass:
    """A group of medicines that is treated alike. `names`: generic names, brands and what people call the group."""

    code: str
    level: Level
    words: str
    mend: str
    source: str
    names: tuple[str, ...]


def _class(code, level, words, mend, source, names):
    return MedicineClass(code, level, words, mend, source, tuple(name.strip() for name in names.split(",")))


CLASSES = (
    _class(
        "benzodiazepine",
        Level.SOFT,
        "Benzodiazepine: shortens the antidepressant effect",
        "Record dose and last time taken. One trial left out people above {lorazepam} mg lorazepam a day. "
        "Never advise stopping.",
        ANDRADE,
        "benzodiazepine, benzodiazepines, benzo, benzos, alprazolam, xanax, lorazepam, ativan, loreev, clonazepam, "
        "klonopin, diazepam, valium, diastat, valtoco, temazepam, restoril, chlordiazepoxide, librium, librax, "
        "oxazepam, triazolam, halcion, clorazepate, tranxene, estazolam, flurazepam, midazolam, clobazam, onfi, "
        "sympazan, quazepam, doral",
    ),
    _class(
        "lamotrigine",
        Level.SOFT,
        "Lamotrigine: probably weakens the effect",
        "The prescriber decides about the time of the dose before a session; nobody else changes it.",
        ANDRADE,
        "lamotrigine, lamictal, subvenite",
    ),
    _class(
        "maoi",
        Level.SOFT,
        "MAO inhibitor: blood pressure may rise sharply",
        "Plan blood pressure every 5 to 10 minutes during the session.",
        ANDRADE,
        "maoi, mao inhibitor, phenelzine, nardil, tranylcypromine, parnate, isocarboxazid, marplan, selegiline, emsam, "
        "eldepryl, zelapar, rasagiline, azilect, safinamide, xadago, moclobemide, linezolid, zyvox, methylene blue",
    ),
    _class(
        "cyp_inhibitor",
        Level.SOFT,
        "CYP3A4 or 2B6 inhibitor: raises ketamine levels, most by mouth",
        "Consider a lower start and slower steps, above all for oral or sublingual doses.",
        ANDRADE,
        "clarithromycin, biaxin, erythromycin, ketoconazole, itraconazole, sporanox, fluconazole, diflucan, "
        "voriconazole, vfend, posaconazole, noxafil, isavuconazonium, cresemba, ritonavir, norvir, paxlovid, kaletra, "
        "cobicistat, genvoya, stribild, symtuza, prezcobix, evotaz, atazanavir, reyataz, darunavir, prezista, "
        "nefazodone, diltiazem, cardizem, tiazac, verapamil, calan, verelan, ticlopidine, clopidogrel, plavix, "
        "azole antifungal, grapefruit",
    ),
    _class(
        "cyp_inducer",
        Level.SOFT,
        "CYP3A4 or 2B6 inducer: lowers ketamine levels",
        "Expect a weaker effect; do not raise the dose without the prescriber.",
        ANDRADE,
        "rifampin, rifampicin, rifadin, rifabutin, mycobutin, carbamazepine, tegretol, equetro, carbatrol, phenytoin, "
        "dilantin, efavirenz, sustiva, atripla, enzalutamide, xtandi, phenobarbital, primidone, mysoline, "
        "st john s wort, st johns wort, saint john s wort, hypericum",
    ),
    _class(
        "stimulant",
        Level.SOFT,
        "Psychostimulant: adds to the rise in blood pressure",
        "The prescriber decides whether it is held on the day of a session.",
        "General knowledge; to be re-checked",
        "stimulant, amphetamine, amphetamines, adderall, mydayis, evekeo, adzenys, dextroamphetamine, dexedrine, "
        "zenzedi, lisdexamfetamine, vyvanse, methamphetamine, desoxyn, methylphenidate, ritalin, concerta, metadate, "
        "daytrana, quillivant, quillichew, jornay, cotempla, dexmethylphenidate, focalin, azstarys, modafinil, "
        "provigil, armodafinil, nuvigil, solriamfetol, sunosi",
    ),
    _class(
        "opioid",
        Level.SOFT,
        "Opioid: adds to sedation and slow breathing",
        "Not on the same day as a dose unless the prescriber releases it; watch oxygen and breathing.",
        LABEL,
        "opioid, opioids, opiate, opiates, oxycodone, oxycontin, roxicodone, percocet, endocet, xtampza, hydrocodone, "
        "vicodin, norco, lortab, hysingla, morphine, ms contin, kadian, hydromorphone, dilaudid, codeine, tramadol, "
        "ultram, ultracet, conzip, tapentadol, nucynta, fentanyl, duragesic, methadone, dolophine, buprenorphine, "
        "suboxone, subutex, sublocade, brixadi, zubsolv, belbuca, butrans, oxymorphone, opana, meperidine, demerol, "
        "levorphanol, butorphanol, nalbuphine, pentazocine",
    ),
    _class(
        "z_drug",
        Level.SOFT,
        "Z-drug: adds to sedation",
        "Not on the same day as a dose unless the prescriber agrees.",
        ANDRADE,
        "z drug, zolpidem, ambien, edluar, intermezzo, eszopiclone, lunesta, zaleplon, sonata, zopiclone",
    ),
    _class(
        "gabapentinoid",
        Level.SOFT,
        "Gabapentinoid: adds to sedation",
        "Not on the same day as a dose unless the prescriber agrees.",
        ANDRADE,
        "gabapentin, neurontin, gralise, horizant, pregabalin, lyrica",
    ),
    _class(
        "barbiturate",
        Level.SOFT,
        "Barbiturate: recovery takes longer",
        "Plan a longer stay after the session; not on the same day unless the prescriber agrees.",
        LABEL,
        "barbiturate, barbiturates, phenobarbital, butalbital, fioricet, fiorinal, esgic, primidone, mysoline, "
        "secobarbital, seconal, pentobarbital, butisol",
    ),
    _class(
        "naltrexone",
        Level.SOFT,
        "Naltrexone: may weaken the effect; findings conflict",
        "Record dose and form; the prescriber decides.",
        "Williams 2018; to be re-checked",
        "naltrexone, revia, vivitrol, contrave, low dose naltrexone, ldn",
    ),
    _class(
        "theophylline",
        Level.SOFT,
        "Theophylline: lowers the seizure threshold together with ketamine",
        "Ask about seizures; the prescriber weighs an alternative.",
        LABEL,
        "theophylline, aminophylline, theo 24, theochron, uniphyl, elixophyllin",
    ),
    _class(
        "thyroxine",
        Level.SOFT,
        "Thyroid hormone: blood pressure and pulse may rise",
        "Check that TSH is in range; watch blood pressure and pulse.",
        LABEL,
        "thyroxine, levothyroxine, synthroid, levoxyl, unithroid, tirosint, euthyrox, levo t, liothyronine, cytomel, "
        "armour thyroid, np thyroid, thyroid hormone, liotrix",
    ),
    _class(
        "sympathomimetic",
        Level.SOFT,
        "Sympathomimetic: blood pressure and pulse may rise",
        "Ask to leave it out on the day where it is not needed; the prescriber decides.",
        LABEL,
        "pseudoephedrine, sudafed, phenylephrine, ephedrine, phentermine, adipex, lomaira, qsymia, midodrine, "
        "droxidopa, northera, epinephrine, epipen, vasopressin, diethylpropion, phendimetrazine, decongestant, "
        "claritin d, zyrtec d, allegra d, mucinex d",
    ),
    _class(
        "antipsychotic_reported",
        Level.SOFT,
        "Clozapine, risperidone or haloperidol: an interaction is reported",
        "Record why it is taken; the prescriber decides.",
        ANDRADE,
        "clozapine, clozaril, fazaclo, versacloz, risperidone, risperdal, perseris, uzedy, rykindo, "
        "haloperidol, haldol",
    ),
    _class(
        "ketamine_elsewhere",
        Level.SOFT,
        "Ketamine or esketamine from another source",
        "Find out who gives it, how much and when; esketamine is never logged as ketamine.",
        "Clinic rule",
        "ketamine, ketalar, esketamine, spravato",
    ),
    _class(
        "antipsychotic",
        Level.INFO,
        "Antipsychotic",
        "Ask why it is taken: psychosis or mania count for themselves.",
        "The field's own descriptions",
        "antipsychotic, quetiapine, seroquel, aripiprazole, abilify, aristada, olanzapine, zyprexa, symbyax, lybalvi, "
        "ziprasidone, geodon, lurasidone, latuda, brexpiprazole, rexulti, cariprazine, vraylar, paliperidone, invega, "
        "lumateperone, caplyta, asenapine, saphris, iloperidone, fanapt, chlorpromazine, thorazine, perphenazine, "
        "fluphenazine, loxapine, pimavanserin, nuplazid",
    ),
    _class(
        "no_stop",
        Level.INFO,
        "SSRI, SNRI or lithium: no need to stop",
        "Carry on as prescribed.",
        ANDRADE,
        "ssri, snri, fluoxetine, prozac, sarafem, sertraline, zoloft, citalopram, celexa, escitalopram, lexapro, "
        "paroxetine, paxil, brisdelle, fluvoxamine, luvox, venlafaxine, effexor, desvenlafaxine, pristiq, duloxetine, "
        "cymbalta, drizalma, levomilnacipran, fetzima, milnacipran, savella, lithium, lithobid, eskalith",
    ),
)

BY_CODE = {one.code: one for one in CLASSES}
# People misspell; below this length a near match is as likely to be another medicine.
SHORTEST_FUZZY = 7
FUZZY_CUTOFF = 0.86


@dataclass(frozen=True)
class Match:
    """A class found in what was written. `name` is the known name; `exact` False for a likely misspelling."""

    group: MedicineClass
    name: str
    exact: bool


def words_of(text: str) -> tuple[str, ...]:
    """Lower-case words without accents or punctuation: "St. John's-wort" is st, john, s, wort."""
    plain = unicodedata.normalize("NFKD", text)
    plain = "".join(char for char in plain if not unicodedata.combining(char)).casefold()
    return tuple(re.findall(r"[a-z0-9]+", plain))


NAMES = {}
for _group in CLASSES:
    for _name in _group.names:
        NAMES.setdefault(words_of(_name), []).append(_group)
LONGEST_NAME = max(len(name) for name in NAMES)
ONE_WORD = sorted(name[0] for name in NAMES if len(name) == 1 and len(name[0]) >= SHORTEST_FUZZY)


def classes_of(text: str) -> list[Match]:
    """The classes that a written medicine name belongs to, each once; [] if none is known.

    A name may lie in several classes (primidone). A word without an exact hit is compared with known names, so that
    "lorazapam" is not missed.
    """
    words = words_of(text)
    found, covered = {}, set()
    for size in range(LONGEST_NAME, 0, -1):
        for start in range(len(words) - size + 1):
            part = words[start : start + size]
            for group in NAMES.get(part, ()):
                found.setdefault(group.code, Match(group, " ".join(part), True))
                covered.update(range(start, start + size))
    for at, word in enumerate(words):
        if at not in covered and len(word) >= SHORTEST_FUZZY:
            for close in get_close_matches(word, ONE_WORD, n=1, cutoff=FUZZY_CUTOFF):
                for group in NAMES[(close,)]:
                    found.setdefault(group.code, Match(group, close, False))
    return list(found.values())


KETAMINE = frozenset({"ketamine", "esketamine", "ketalar", "spravato"})


def is_ketamine(text: str) -> bool:
    """Whether a written substance is ketamine or esketamine, misspelt or not."""
    return any(match.name in KETAMINE for match in classes_of(text))
