package org.mobilevos.demo;

import android.app.Activity;
import android.content.Intent;
import android.os.Bundle;
import android.view.View;
import android.widget.RadioGroup;

/** The app's one screen: three tabs, and the settings that all of them use. */
public final class MainActivity extends Activity implements Workbench.Listener {
    private static final String TAB = "tab";
    private static final int[] BUTTONS = {R.id.tab_camera, R.id.tab_video, R.id.tab_bench};
    private static final int[] ROOTS = {R.id.camera, R.id.video, R.id.bench};

    private Workbench workbench;
    private CameraTab cameraTab;
    private Tab[] tabs;
    private View settings;
    private int current;
    private boolean resumed;

    @Override
    protected void onCreate(Bundle state) {
        super.onCreate(state);
        workbench = Workbench.of(this);
        setContentView(R.layout.activity_main);
        cameraTab = new CameraTab(this, findViewById(R.id.camera), workbench);
        tabs = new Tab[] {cameraTab, new VideoTab(this, findViewById(R.id.video), workbench),
            new BenchTab(this, findViewById(R.id.bench), workbench)};
        settings = findViewById(R.id.settings);
        settings.setOnClickListener(new View.OnClickListener() {
            @Override
            public void onClick(View view) {
                openSettings();
            }
        });
        current = state == null ? 0 : state.getInt(TAB);
        showRoots();
        RadioGroup group = (RadioGroup) findViewById(R.id.tabs);
        group.check(BUTTONS[current]);
        group.setOnCheckedChangeListener(new RadioGroup.OnCheckedChangeListener() {
            @Override
            public void onCheckedChanged(RadioGroup buttons, int checked) {
                select(checked);
            }
        });
        workbench.setListener(this);
    }

    @Override
    protected void onResume() {
        super.onResume();
        resumed = true;
        NewerApis.setSustainedPerformance(getWindow(), workbench.settings.sustainedSpeed());
        onWorkbenchChanged();
        tabs[current].onShow();
    }

    @Override
    protected void onPause() {
        resumed = false;
        tabs[current].onHide();
        super.onPause();
    }

    @Override
    protected void onSaveInstanceState(Bundle state) {
        super.onSaveInstanceState(state);
        state.putInt(TAB, current);
    }

    @Override
    protected void onDestroy() {
        workbench.leave(this, isFinishing());
        super.onDestroy();
    }

    @Override
    public void onWorkbenchChanged() {
        settings.setEnabled(workbench.busy() == 0);
        if (resumed) {
            tabs[current].onWorkbenchChanged();
        }
    }

    @Override
    public void onRequestPermissionsResult(int request, String[] permissions, int[] results) {
        if (request == CameraPermission.REQUEST) {
            cameraTab.onPermissionAnswered();
        }
    }

    @Override
    protected void onActivityResult(int request, int result, Intent data) {
        if (result == RESULT_OK && data != null && data.getData() != null) {
            for (Tab tab : tabs) {
                tab.onDocument(request, data.getData());
            }
        }
    }

    private void select(int button) {
        for (int tab = 0; tab < BUTTONS.length; tab++) {
            if (BUTTONS[tab] == button && tab != current) {
                if (resumed) {
                    tabs[current].onHide();
                }
                current = tab;
                showRoots();
                if (resumed) {
                    tabs[current].onShow();
                }
            }
        }
    }

    private void showRoots() {
        for (int tab = 0; tab < ROOTS.length; tab++) {
            findViewById(ROOTS[tab]).setVisibility(tab == current ? View.VISIBLE : View.GONE);
        }
    }

    private void openSettings() {
        SettingsDialog.show(this, workbench, new Runnable() {
            @Override
            public void run() {
                NewerApis.setSustainedPerformance(getWindow(), workbench.settings.sustainedSpeed());
                workbench.settingsChanged();
            }
        });
    }
}
