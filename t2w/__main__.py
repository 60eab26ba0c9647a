"""python -m t2w"""

from t2w.cli import main

if __name__ == "__main__":
    main()
