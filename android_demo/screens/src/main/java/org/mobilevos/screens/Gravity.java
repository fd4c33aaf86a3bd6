package org.mobilevos.screens;

import java.util.Set;

/** Where content lies in a larger place: 0 at the left or top, 0.5 in the middle, 1 at the right or bottom. */
record Gravity(float across, float down) {
    static Gravity of(String value, String where) {
        float across = 0;
        float down = 0;
        for (String word : value.split("\\|")) {
            if (!Set.of("left", "start", "top", "center", "center_horizontal", "center_vertical", "right", "end",
                    "bottom").contains(word)) {
                throw new ScreensException(where + " has the gravity '" + word + "', which is not known here");
            }
            if (word.equals("center") || word.equals("center_horizontal")) {
                across = 0.5f;
            }
            if (word.equals("center") || word.equals("center_vertical")) {
                down = 0.5f;
            }
            if (word.equals("right") || word.equals("end")) {
                across = 1;
            }
            if (word.equals("bottom")) {
                down = 1;
            }
        }
        return new Gravity(across, down);
    }
}
