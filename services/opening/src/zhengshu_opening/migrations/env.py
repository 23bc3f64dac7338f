from zhengshu_chassis.migrate import online

online()
