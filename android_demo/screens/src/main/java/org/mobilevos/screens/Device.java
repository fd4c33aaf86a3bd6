package org.mobilevos.screens;

/**
 * The screen that is drawn.
 *
 * @param width in pixels
 * @param height in pixels
 * @param density pixels for one dp
 * @param fontScale sp for one dp: the user's choice of larger text
 * @param night whether the dark theme is on
 */
record Device(int width, int height, float density, float fontScale, boolean night) {
    /** A phone of today, in one of the themes, with text as large as it comes. */
    static Device phone(boolean night) {
        return new Device(1080, 2340, 2.625f, 1, night);
    }

    /** The same, lying on its side. */
    Device turned() {
        return new Device(height, width, density, fontScale, night);
    }

    /** The same with larger text. */
    Device withFontScale(float scale) {
        return new Device(width, height, density, scale, night);
    }

    /** A length such as {@code 48dp}, {@code 15sp} or {@code 2px}, in pixels; {@code where} is for the message. */
    float pixels(String length, String where) {
        String unit = length.replaceFirst("^-?[0-9.]+", "");
        float scale = switch (unit) {
            case "dp", "dip" -> density;
            case "sp" -> density * fontScale;
            case "px" -> 1;
            default -> throw new ScreensException(
                    where + ": '" + length + "' is not a length; write it as 48dp, 15sp or 2px");
        };
        return scale * Float.parseFloat(length.substring(0, length.length() - unit.length()));
    }

    /** A length as a size: rounded, but never from something to nothing, as Android does it. */
    int size(String length, String where) {
        float pixels = pixels(length, where);
        int rounded = Math.round(pixels);
        return rounded == 0 && pixels > 0 ? 1 : rounded;
    }

    /** Whole pixels of a length in dp. */
    int dp(float length) {
        return Math.round(length * density);
    }
}
