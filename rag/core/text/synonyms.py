"""Everyday words and those that rules, contracts and manuals have for the same; by hand, fitted on no set."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

# A group a line. A word that no document holds is looked for by the others of its group.
_GROUPS: Final = """
    garbage, trash, rubbish, refuse, waste
    taken away, picked up, collected, collection
    bike, bicycle, cycle
    car, vehicle, automobile
    lorry, truck, vehicle
    cab, taxi
    hotel, accommodation, overnight stay, lodging
    per diem, daily allowance, subsistence allowance, meal allowance
    mileage, kilometre, per mile
    deductible, excess
    hacker attack, hacker, hacked, cyber attack, cyberattack, unauthorised access, cyber incident, security breach
    ransomware, virus, malware, malicious software
    heating, boiler, radiator
    breaks down, broken, breakdown, failure, fault, malfunction, out of order
    salary, pay, wage, remuneration
    raise, pay rise, salary increase
    boss, manager, supervisor, superior
    vacation, holiday, annual leave, time off, paid leave, leave
    sick, ill, unfit for work, incapacity
    sick note, medical certificate, doctor's note
    maternity leave, parental leave
    fired, sacked, dismissed, dismissal, termination
    quit, resign, resignation, give notice
    trial period, probation, probationary period
    home office, work from home, remote work, telework, mobile work
    overtime, extra hours, additional hours
    coworker, colleague, employee
    staff, employees, personnel
    worker, employee
    newcomer, new hire, new employee
    training, course, further education
    photo, picture, photograph
    film, video, recording
    phone, telephone
    cellphone, mobile phone, smartphone
    laptop, notebook, computer
    thumb drive, usb stick, usb drive, flash drive, removable media, storage device
    wifi, wi-fi, wireless network, wlan
    internet, web, online
    password, passphrase, pin
    email, e-mail
    spam, phishing, suspicious message
    backup, back-up, saved copy
    cat, pet, animal
    dog, pet, animal
    kid, child, minor
    teenager, adolescent, young person, minor
    pensioner, retiree, senior
    wife, husband, spouse, partner
    mom, mum, mother, parent
    dad, father, parent
    doctor, physician
    hospital, clinic
    drug, medicine, medication
    pill, tablet
    shot, jab, vaccination
    flat, apartment, dwelling
    renter, tenant, lessee
    landlord, lessor
    lease, rental agreement, tenancy
    lift, elevator
    cheap, cheapest, expensive, price, cost, fee, charge
    cost, price, fee, charge
    fine, penalty
    refund, reimbursement, money back, repay
    buy, purchase, order
    bill, invoice
    late, delay, overdue, arrears
    cancel, cancellation, terminate
    deadline, due date, time limit, closing date
    begin, start, commence
    end, expire, expiry
    warranty, guarantee
    broken, damaged, defective
    fix, repair
    lost, missing, loss
    steal, stolen, theft
    smoking, smoke, cigarettes, tobacco
    drinking, alcohol, beer, wine
    food, meals, catering
    lunch break, meal break, rest break
    lunch, meal
    toilet, restroom, washroom, lavatory
    parking, park, car park, parking space
    keys, key, access card
    guest, visitor
    noise, quiet hours, noisy
    danger, hazard
    dangerous, hazardous
    burn, flammable, combustible
    gloves, protective equipment
    accident, injury, incident
    fire alarm, fire, evacuation
    absent, did not come, missing, excused, apologies
    attend, present, take part, attendance
    agreed, decided, resolved, decision
    head, chief, director
    company, firm, employer
    client, customer
    supplier, vendor, provider
    weight, mass, heavy
    height, tall
    speed, fast
    big, large, size
"""
_GROUPS_ZH: Final = """
    结婚、婚假、婚嫁
    老婆、妻子、配偶
    老公、丈夫、配偶
    生孩子、生小孩、生娃、分娩、生育、产假
    爸爸、父亲
    妈妈、母亲
    没来、没到、没参加、缺席、请假、未出席
    来了、到场、参加、出席
    开会、会议、例会
    U盘、优盘、移动硬盘、移动存储、存储设备
    密码、口令
    电脑、计算机、笔记本
    手机、移动电话
    邮箱、邮件、电子邮件
    上网、互联网、网络
    工资、薪水、薪资、薪酬、报酬
    涨工资、加薪、调薪
    年假、年休假、带薪休假
    生病、病假、患病
    放假、休假、假期、节假日
    辞职、离职、解除劳动合同
    开除、辞退、解雇、解除劳动合同
    试用、试用期
    在家办公、居家办公、远程办公
    加班、延长工作时间
    上班、工作时间、出勤
    下班、工作时间
    迟到、晚到
    出差、差旅
    打车、出租车、网约车、市内交通
    酒店、旅馆、宾馆、住宿
    饭补、餐补、伙食补助、餐费
    吃饭、用餐、就餐
    食堂、餐厅
    报销、费用报销
    多少钱、价格、费用、收费、金额
    押金、保证金
    罚款、违约金、处罚
    退款、退货、退还
    坏了、故障、损坏
    修理、维修、修
    丢了、遗失、丢失
    偷、被盗、盗窃
    抽烟、吸烟
    喝酒、饮酒
    停车、车位
    领导、上级、主管、经理
    同事、员工
    客人、访客、来宾
    小孩、儿童、未成年人
    老人、老年人
    租客、承租人、乙方
    房东、出租人、甲方
    垃圾、废弃物
    什么时候到期、有效期、期限
    保修、质保
"""
_PARTED: Final = re.compile("[,、]")


_LINES: Final = [line for line in (*_GROUPS.splitlines(), *_GROUPS_ZH.splitlines()) if line.strip()]
_WORDS: Final = tuple(tuple(word.strip() for word in _PARTED.split(line)) for line in _LINES)
# The longest first, so that "per diem" is not read as its parts.
_LONGEST: Final = sorted({word for group in _WORDS for word in group}, key=len, reverse=True)
_LATIN: Final = "|".join(re.escape(word) for word in _LONGEST if word.isascii())
_CHINESE: Final = "|".join(re.escape(word) for word in _LONGEST if not word.isascii())
_SAID: Final = re.compile(rf"(?<![\w-])(?:{_LATIN})(?:e?s)?(?![\w-])|{_CHINESE}", re.IGNORECASE)


def synonyms(text: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The words of a text that others may be used for, each with these.

    >>> dict(synonyms("When are the bikes of the lessors taken away?"))["bikes"]
    ('bicycle', 'cycle')
    """
    for match in _SAID.finditer(text):
        said = match.group()
        plain = {form.lower() for form in (said, said.removesuffix("s"), said.removesuffix("es"))}
        others = [word for group in _WORDS if not plain.isdisjoint(map(str.lower, group)) for word in group]
        yield said, tuple(word for word in dict.fromkeys(others) if word.lower() not in plain)
